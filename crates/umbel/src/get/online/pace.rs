//! How fast something comes, and how long is waited for it.

use std::time::{Duration, Instant};

use crate::base::progress::Interrupt;

/// Fewer bytes than these in the time that an answer may take are none.
const TRICKLE: u64 = 1 << 10;

/// Waits, unless a stop is asked for.
pub fn wait(pause: Duration, interrupt: &Interrupt) -> crate::Result<()> {
    let until = Instant::now() + pause;
    while Instant::now() < until {
        if interrupt.requested() {
            return Err(crate::Error::Interrupted);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Tells a line that hardly gives anything.
pub struct Pace {
    since: Instant,
    done: u64,
}

impl Pace {
    /// From now on, so many bytes having come.
    pub fn new(done: u64) -> Self {
        Pace { since: Instant::now(), done }
    }

    /// Fails where less than a trickle came in the time that an answer may take.
    pub fn check(&mut self, done: u64, patience: Duration) -> Result<(), String> {
        if self.since.elapsed() > patience {
            if done - self.done < TRICKLE {
                return Err(format!("less than {TRICKLE} bytes in {} s", patience.as_secs()));
            }
            *self = Pace::new(done);
        }
        Ok(())
    }
}
