//! What a look at the usable photos tells before training: classes that are small or uneven, photos that show nothing. What is
//! small or uneven is a check's to say.

use crate::base::notice::Notice;
use crate::check;
use crate::data::{Cache, Index};

/// What is worth a line.
pub(super) fn notices(index: &Index, cache: &Cache) -> Vec<Notice> {
    let mut photos = vec![0usize; index.classes.len()];
    cache.usable().iter().for_each(|&position| photos[index.photos[position].class as usize] += 1);
    let mut by_size: Vec<(String, usize)> = index.classes.iter().cloned().zip(photos).collect();
    by_size.sort_by_key(|(_, photos)| *photos);
    let mut notices = Vec::new();
    let small: Vec<_> = by_size.iter().filter(|(_, photos)| check::is_small(*photos)).cloned().collect();
    if !small.is_empty() {
        notices.push(Notice::SmallClasses { classes: small });
    }
    if let (Some(fewest), Some(most)) = (by_size.first(), by_size.last())
        && check::is_uneven(fewest.1, most.1)
    {
        notices.push(Notice::UnevenClasses { most: most.clone(), fewest: fewest.clone() });
    }
    // Photos that were taken for another depth than theirs look blank, and that is said.
    if cache.doubtful_depth().is_some() {
        return notices;
    }
    // A print that can't be read is told where the photo is.
    let is_blank = |position: &&usize| matches!(cache.fingerprint(**position), Ok(Some(print)) if print.blank);
    let blank: Vec<&usize> = cache.usable().iter().filter(is_blank).collect();
    if let Some(&&first) = blank.first() {
        notices.push(Notice::Blank { photos: blank.len(), example: index.photos[first].path.clone() });
    }
    notices
}
