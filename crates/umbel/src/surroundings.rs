//! What a machine and its user bring along: who computes, and where things lie. A program makes it once, from the variables of
//! its environment, and hands it down; the library reads none itself.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::Result;
use crate::base::budget::MemoryBudget;
use crate::base::fonts::{self, Fonts};
use crate::base::lang::Lang;
use crate::nn::{Cpu, SharedEngine};
use crate::pretrained::store::Store;

/// See the module. By default: the CPU at its best, folders among those for temporary files, and the system's fonts.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Who computes.
    pub engine: SharedEngine,
    /// What `UMBEL_ISA` says, where it is set.
    pub isa: Option<String>,
    /// The folder of prepared photos, unless a job names another.
    pub cache: PathBuf,
    /// Pretrained weights.
    pub store: Store,
    /// What all photos in hand may take of memory together.
    pub memory: MemoryBudget,
    /// The CPU's name, where only the environment tells it (Windows).
    pub processor: Option<String>,
    /// What pictures are lettered with.
    pub fonts: Fonts,
    /// That pages are told in.
    pub lang: Lang,
}

impl Default for Surroundings {
    fn default() -> Self {
        let cache = std::env::temp_dir().join("umbel");
        let (engine, store) = (SharedEngine::default(), Store::new(cache.join("models")));
        let (memory, fonts, lang) = (MemoryBudget::default(), Fonts::default(), Lang::default());
        Surroundings { engine, isa: None, cache, store, memory, processor: None, fonts, lang }
    }
}

impl Surroundings {
    /// As these variables say: `UMBEL_ISA` (the instruction set), `UMBEL_CACHE` and `UMBEL_MODELS` (folders, by default `umbel`
    /// and `umbel/models` in the places that the system has for caches and for a user's data: `XDG_CACHE_HOME`, `XDG_DATA_HOME`,
    /// `LOCALAPPDATA`, `HOME`), `HF_ENDPOINT` (another hub, or a mirror), `PROCESSOR_IDENTIFIER`, and the first of `LC_ALL`,
    /// `LC_MESSAGES` and `LANG` (the language). Fonts lie where the system has its own, the user's (by the same variables) and, on
    /// Unix, below `XDG_DATA_DIRS`. One that is empty is not set.
    ///
    /// # Errors
    /// [`umbel_predict::Error::Setting`] where `UMBEL_ISA` names an instruction set that this CPU lacks.
    pub fn of(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &str| set(name).map(|value| value.to_string_lossy().into_owned());
        let folder = |name: &str| set(name).map(PathBuf::from);
        let (isa, usual) = (text("UMBEL_ISA"), Surroundings::default());
        let engine = match &isa {
            Some(name) => SharedEngine::new(Cpu::named(name)?),
            None => usual.engine,
        };
        let place = |xdg: &str, mac: &[&str], unix: &[&str]| {
            let own = folder(xdg).filter(|folder| folder.is_absolute());
            own.or_else(|| {
                let below = |parts: &[&str]| folder("HOME").map(|home| home.join(parts.iter().collect::<PathBuf>()));
                match () {
                    () if cfg!(windows) => folder("LOCALAPPDATA"),
                    () if cfg!(target_os = "macos") => below(mac),
                    () => below(unix),
                }
            })
        };
        let cache = folder("UMBEL_CACHE")
            .or_else(|| Some(place("XDG_CACHE_HOME", &["Library", "Caches"], &[".cache"])?.join("umbel")));
        let models = folder("UMBEL_MODELS").or_else(|| {
            let data = place("XDG_DATA_HOME", &["Library", "Application Support"], &[".local", "share"])?;
            Some(data.join("umbel").join("models"))
        });
        let mut store = models.map_or(usual.store, Store::new);
        if let Some(endpoint) = text("HF_ENDPOINT") {
            store = store.with_hub(&endpoint);
        }
        let home = |below: &str| folder("HOME").map(|home| home.join(below));
        let own_fonts = match () {
            () if cfg!(windows) => vec![folder("LOCALAPPDATA").map(|local| local.join("Microsoft\\Windows\\Fonts"))],
            () if cfg!(target_os = "macos") => vec![home("Library/Fonts")],
            () => {
                let shared = set("XDG_DATA_DIRS").unwrap_or_default();
                let shared = std::env::split_paths(&shared).filter(|folder| folder.is_absolute());
                let data = place("XDG_DATA_HOME", &[], &[".local", "share"]);
                let data = data.into_iter().chain(shared).map(|folder| Some(folder.join("fonts")));
                data.chain([home(".fonts")]).collect()
            }
        };
        let fonts = Fonts::in_folders(own_fonts.into_iter().flatten().chain(fonts::of_system()).collect());
        let (cache, processor) = (cache.unwrap_or(usual.cache), text("PROCESSOR_IDENTIFIER"));
        let lang = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(text)
            .map_or(usual.lang, |own| Lang::of_locale(&own));
        Ok(Surroundings { engine, isa, cache, store, memory: usual.memory, processor, fonts, lang })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Surroundings> {
        Surroundings::of(|name| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn nothing_set_is_the_default() {
        let (own, usual) = (of(&[]).unwrap(), Surroundings::default());
        assert_eq!((own.cache, own.store.folder().to_owned()), (usual.cache, usual.store.folder().to_owned()));
        assert!(own.engine == usual.engine && own.isa.is_none());
    }

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn folders_are_where_the_system_has_them_unless_they_are_named() {
        let home = of(&[("HOME", "/home/a"), ("XDG_CACHE_HOME", "relative"), ("UMBEL_MODELS", "")]).unwrap();
        assert_eq!(home.cache, Path::new("/home/a/.cache/umbel"));
        assert_eq!(home.store.folder(), Path::new("/home/a/.local/share/umbel/models"));
        let xdg = of(&[("HOME", "/home/a"), ("XDG_CACHE_HOME", "/c"), ("XDG_DATA_HOME", "/d")]).unwrap();
        assert_eq!((xdg.cache.as_path(), xdg.store.folder()), (Path::new("/c/umbel"), Path::new("/d/umbel/models")));
        let own = of(&[("HOME", "/home/a"), ("UMBEL_CACHE", "/own"), ("UMBEL_MODELS", "/m")]).unwrap();
        assert_eq!((own.cache.as_path(), own.store.folder()), (Path::new("/own"), Path::new("/m")));
    }

    #[test]
    fn the_language_is_that_of_messages() {
        let lang = |variables: &[(&str, &str)]| of(variables).unwrap().lang.name();
        assert_eq!(lang(&[]), "en");
        assert_eq!(lang(&[("LANG", "zh_TW.UTF-8")]), "zh-TW");
        assert_eq!(lang(&[("LANG", "zh_TW.UTF-8"), ("LC_ALL", "C")]), "en");
        assert_eq!(lang(&[("LANG", "de_DE.UTF-8"), ("LC_MESSAGES", "zh_TW"), ("LC_ALL", "")]), "zh-TW");
    }

    #[test]
    fn an_instruction_set_is_lowered_or_refused_by_name() {
        use crate::nn::Precision;
        let scalar = of(&[("UMBEL_ISA", "scalar")]).unwrap();
        assert_eq!(scalar.engine.for_inference().computes(Precision::F32).device, "scalar");
        assert_eq!(scalar.isa.as_deref(), Some("scalar"));
        let error = of(&[("UMBEL_ISA", "abacus")]).unwrap_err().to_string();
        assert!(error.contains("abacus") && error.contains("scalar"), "{error}");
    }
}
