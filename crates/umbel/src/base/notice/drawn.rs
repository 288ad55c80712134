//! The words about names that no font here draws.

use crate::base::remark;

/// Pictures call these classes by their numbers.
pub(super) fn by_number(names: &[(usize, String)]) -> String {
    let each: Vec<String> = names.iter().map(|(number, name)| format!("class {number} is {name}")).collect();
    let (classes, they) = match names.len() {
        1 => ("the name of a class".to_string(), "it"),
        n => (format!("the names of {n} classes"), "them"),
    };
    format!(
        "No font of this machine draws {classes}, so PNG pictures call {they} by number: {}. Pages and SVG pictures have all names.",
        remark::listed(&each)
    )
}
