//! What a machine and its user bring along: who computes, and where things lie. A program makes it once, from the variables of
//! its environment, and hands it down; the library reads none itself.

mod s3;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::Result;
use crate::base::budget::MemoryBudget;
use crate::base::fonts::{self, Fonts};
use crate::base::lang::Lang;
use crate::nn::{Cpu, SharedEngine};
use crate::pretrained::store::Store;
pub use s3::S3;

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
    /// How others are reached, where something is fetched.
    pub network: Network,
    /// What all photos in hand may take of memory together.
    pub memory: MemoryBudget,
    /// The CPU's name, where only the environment tells it (Windows).
    pub processor: Option<String>,
    /// What pictures are lettered with.
    pub fonts: Fonts,
    /// That pages are told in.
    pub lang: Lang,
}

/// How others are reached. Proxies and certificates are those of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// No answer, and no byte of one, for so long is none.
    pub timeout: Duration,
    /// Who asks the Hugging Face hub, for data sets that not everybody may have. It is told to the hub and to nobody else.
    pub token: Option<Token>,
    /// Object stores.
    pub s3: S3,
}

impl Default for Network {
    fn default() -> Self {
        Network { timeout: Duration::from_secs(30), token: None, s3: S3::default() }
    }
}

/// A secret: it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Takes it.
    pub fn new(secret: String) -> Self {
        Token(secret)
    }

    /// The secret itself.
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// Seconds to wait for an answer, at most.
const LONGEST_TIMEOUT: f64 = 3600.0;

impl Default for Surroundings {
    fn default() -> Self {
        let cache = std::env::temp_dir().join("umbel");
        let (engine, store) = (SharedEngine::default(), Store::new(cache.join("models")));
        let (memory, fonts, lang) = (MemoryBudget::default(), Fonts::default(), Lang::default());
        let network = Network::default();
        Surroundings { engine, isa: None, cache, store, network, memory, processor: None, fonts, lang }
    }
}

impl Surroundings {
    /// As these variables say: `UMBEL_ISA` (the instruction set), `UMBEL_CACHE` and `UMBEL_MODELS` (folders, by default `umbel`
    /// and `umbel/models` in the places that the system has for caches and for a user's data: `XDG_CACHE_HOME`, `XDG_DATA_HOME`,
    /// `LOCALAPPDATA`, `HOME`), `HF_ENDPOINT` (another hub, or a mirror), `HF_TOKEN` (who asks it), `UMBEL_TIMEOUT` (seconds to wait
    /// for an answer of others), those of S3 (`AWS_ACCESS_KEY_ID` and the like), `PROCESSOR_IDENTIFIER`, and the first of `LC_ALL`,
    /// `LC_MESSAGES` and `LANG` (the language). Fonts lie where the system has its own, the user's (by the same variables) and, on
    /// Unix, below `XDG_DATA_DIRS`. One that is empty is not set.
    ///
    /// # Errors
    /// [`umbel_predict::Error::Setting`] where `UMBEL_ISA` names an instruction set that this CPU lacks, or `UMBEL_TIMEOUT` is no number
    /// of seconds.
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
        let token = text("HF_TOKEN").map(|secret| Token::new(secret.trim().to_string()));
        let timeout = timeout(text("UMBEL_TIMEOUT"), usual.network.timeout)?;
        let network = Network { timeout, token, s3: S3::of(text) };
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
        Ok(Surroundings { engine, isa, cache, store, network, memory: usual.memory, processor, fonts, lang })
    }
}

fn timeout(told: Option<String>, usual: Duration) -> Result<Duration> {
    let Some(told) = told else { return Ok(usual) };
    let seconds = told.trim().parse::<f64>().ok().filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST_TIMEOUT);
    let refused = || umbel_predict::Error::Setting {
        setting: "UMBEL_TIMEOUT".into(),
        value: told.clone(),
        expected: format!("seconds, above 0, up to {LONGEST_TIMEOUT}"),
    };
    Ok(Duration::from_secs_f64(seconds.ok_or_else(refused)?))
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
    fn a_token_is_never_shown_and_a_timeout_is_a_number_of_seconds() {
        let own = of(&[("HF_TOKEN", "hf_secret"), ("UMBEL_TIMEOUT", "2.5")]).unwrap();
        assert_eq!(own.network.timeout, Duration::from_millis(2500));
        assert_eq!(own.network.token.as_ref().unwrap().secret(), "hf_secret");
        assert!(!format!("{own:?}").contains("hf_secret"));
        for wrong in ["0", "-1", "soon", "inf", "nan", "1e9"] {
            let error = of(&[("UMBEL_TIMEOUT", wrong)]).unwrap_err().to_string();
            assert!(error.contains("UMBEL_TIMEOUT") && error.contains(wrong), "{error}");
        }
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
