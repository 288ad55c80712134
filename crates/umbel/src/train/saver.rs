//! Puts an epoch's files in place while the run goes on: to flush a checkpoint of tens of megabytes takes a disk half a
//! second or more, in which nothing would be computed.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::Result;
use crate::base::atomic::Scratch;

/// Files on their way to the disk. Dropped, it waits for them.
#[derive(Debug, Default)]
pub(super) struct Saver {
    under_way: Option<JoinHandle<Result<()>>>,
}

impl Saver {
    /// Flushes `files`, which are written already, and puts them in place, in this order, so that what names another file
    /// can come after it. Fails where those of the time before could not be put in place.
    pub fn start(&mut self, files: Vec<Scratch>) -> Result<()> {
        self.wait()?;
        let files = Arc::new(Mutex::new(files));
        let theirs = Arc::clone(&files);
        match std::thread::Builder::new().name("umbel-saver".to_string()).spawn(move || put_in_place(&theirs)) {
            Ok(thread) => self.under_way = Some(thread),
            // Where the system gives no thread, the run waits.
            Err(_) => put_in_place(&files)?,
        }
        Ok(())
    }

    /// Waits until everything is in place. Fails where something could not be put there.
    pub fn wait(&mut self) -> Result<()> {
        match self.under_way.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(done)) => done,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}

fn put_in_place(files: &Mutex<Vec<Scratch>>) -> Result<()> {
    let files = std::mem::take(&mut *files.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(files.into_iter().try_for_each(Scratch::commit)?)
}

impl Drop for Saver {
    fn drop(&mut self) {
        // Whoever wants to know asks with `wait`; here the run has failed otherwise already.
        if let Some(thread) = self.under_way.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::base::atomic;

    #[test]
    fn files_come_in_order_and_a_failure_is_told_at_the_next_call() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let scratch = |name: &str, text: &str| {
            atomic::prepare_with(&at(name), |file| std::io::Write::write_all(file, text.as_bytes())).unwrap()
        };
        let mut saver = Saver::default();
        saver.start(vec![scratch("a", "1"), scratch("b", "1")]).unwrap();
        saver.start(vec![scratch("a", "2")]).unwrap();
        saver.wait().unwrap();
        assert_eq!([fs::read_to_string(at("a")).unwrap(), fs::read_to_string(at("b")).unwrap()], ["2", "1"]);

        // A folder is in the place of the second: the third, which may rely on it, does not come either.
        fs::create_dir(at("c")).unwrap();
        fs::write(at("c").join("x"), "").unwrap();
        saver.start(vec![scratch("a", "3"), scratch("c", "3"), scratch("b", "3")]).unwrap();
        assert!(saver.wait().is_err());
        assert_eq!([fs::read_to_string(at("a")).unwrap(), fs::read_to_string(at("b")).unwrap()], ["3", "1"]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "no scratch file is left");

        drop({
            saver.start(vec![scratch("b", "4")]).unwrap();
            saver
        });
        assert_eq!(fs::read_to_string(at("b")).unwrap(), "4", "dropping it waits");
    }
}
