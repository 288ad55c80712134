//! Words that several errors about data share.

use std::path::Path;

use crate::base::remark::Remark;

/// What a data folder must look like, said by every error about one.
pub const LAYOUT: &str = "a folder with one sub-folder per class and the pictures in them, \
    like flowers/daisy/1.jpg, flowers/roses/2.jpg";

/// What to do about a folder of too few classes.
pub fn way_out(give: Option<&Path>, unread: Option<&(String, Remark)>) -> String {
    match (give, unread) {
        (Some(folder), _) => format!("the folders in it look like classes: give {}", folder.display()),
        (None, Some((folder, Remark::PassedOver { extensions }))) => {
            let kinds: Vec<String> = extensions.iter().map(|(kind, files)| format!("{files} .{kind}")).collect();
            format!("{folder}/ has files of kinds that are not read ({}): save them as JPEG or PNG", kinds.join(", "))
        }
        _ => format!("give {LAYOUT}"),
    }
}

/// The first photo that cannot be used, in words.
pub fn first_problem(first: &Option<(String, String)>) -> String {
    match first {
        Some((path, detail)) => format!("; the first that cannot is {path}: {detail}"),
        None => String::new(),
    }
}
