//! Turns notices into the program's words: the library's sentence and, where a flag or a command is the way on, that.

use umbel::base::notice::{Divider, Notice};
use umbel::base::remark::Remark;

use crate::hints::word;

/// What the user reads.
pub fn sentence(notice: &Notice) -> String {
    let said = notice.to_string();
    match notice {
        Notice::LookAlike { .. } => {
            format!("{said} If they belong together (frames of one film), name their groups with --group-by.")
        }
        Notice::Leaks { data, divided_by, .. } => {
            let split = match divided_by {
                Divider::Data => "",
                Divider::Split => " --split RUN",
            };
            format!("{}; umbel check {}{split} names them.", open(&said), word(data))
        }
        Notice::MoreRemarks { data, .. } => format!("{}; umbel check {} tells them.", open(&said), word(data)),
        Notice::Decided { .. } => format!("{said} The tutorial's network: --recipe tutorial"),
        Notice::FromNothing { .. } => format!("{said} umbel train without --recipe and --model starts from them."),
        Notice::Data(Remark::ForTheRest { .. }) => format!("{} (umbel predict --keep).", open(&said)),
        Notice::RunInData { .. } => format!("{} (--out).", open(&said)),
        Notice::Blank { .. } => format!("{} (umbel check lists them).", open(&said)),
        Notice::DoubtfulDepth { looks_like, .. } => format!("{} (--depth {looks_like}).", open(&said)),
        Notice::ReportNotMade { run, .. } => {
            format!("{said} Once that is mended, make it by: umbel report {}", word(run))
        }
        // Whatever else there is has no flag of its own, and its sentence is whole.
        _ => said,
    }
}

/// A sentence that goes on.
fn open(sentence: &str) -> &str {
    sentence.strip_suffix('.').unwrap_or(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_on_follows_in_flags_and_commands() {
        let leaks = |photos, divided_by| Notice::Leaks { photos, data: "photos".into(), divided_by };
        for (notice, expected) in [
            (
                Notice::LookAlike { photos: 21, example: "c/00.png".into(), class: "c".into() },
                "21 photos, such as c/00.png of the class \"c\", look alike: too many to be copies, so they are divided like \
                 any others. If they belong together (frames of one film), name their groups with --group-by.",
            ),
            (
                leaks(1, Divider::Data),
                "Warning: 1 photo of the validation or test part show the same as one of an earlier part, so it is no fair \
                 measure; umbel check photos names them.",
            ),
            (
                leaks(2, Divider::Split),
                "Warning: 2 photos of the validation or test part show the same as one of an earlier part, so they are no \
                 fair measure; umbel check photos --split RUN names them.",
            ),
            (
                Notice::DoubtfulDepth {
                    photos: 2,
                    example: "c/00.tif".into(),
                    low: 0.0,
                    high: 4000.0,
                    white: 65535.0,
                    looks_like: "12",
                },
                "Warning: 2 photos, such as c/00.tif, hold numbers from 0 to 4000 where 65535 is taken for white. That looks \
                 like 12 bits: say so, or save them anew with 8 bits (--depth 12).",
            ),
            (
                Notice::ReportNotMade { error: "cannot write it".into(), run: "my runs/1".into() },
                "report.html was not made: cannot write it. Once that is mended, make it by: umbel report 'my runs/1'",
            ),
            (
                Notice::Data(Remark::ForTheRest { class: "none".into() }),
                "The class \"none\" is learned like any other: it will stand for what is like its own photos, and not for \
                 whatever else there is. Photos that are unlike all that were learned can be told when the model is asked \
                 (umbel predict --keep).",
            ),
            (
                Notice::FromNothing { photos: 80, measured_on: 250, random: 0.52, pretrained: 0.865 },
                "The network starts from random weights, and 80 photos are few for that. From pretrained weights it would probably \
                 be right more often: on 250 photos of flowers, the tutorial's network learned to name 52 % of others right, and \
                 pretrained weights gave 86.5 %. umbel train without --recipe and --model starts from them.",
            ),
            (Notice::FoldFinished { fold: 1 }, "Fold 1 is finished already."),
        ] {
            assert_eq!(sentence(&notice), expected);
        }
    }
}
