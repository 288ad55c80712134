//! Which columns of a table hold boxes, and what their numbers count.

use super::columns::simple;
use crate::base::remark::BoxUnit;
use crate::base::table::Seen;
use crate::data::ManifestError;
use crate::data::source::Area;

/// What four columns say of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Left, top, right, bottom.
    Corners,
    /// Left, top, width, height.
    Size,
}

/// Four columns by the names that they go by, in the order in which they are looked for.
type Family = (Form, [&'static [&'static str]; 4]);

const FAMILIES: [Family; 4] = [
    (
        Form::Corners,
        [
            &["xmin", "x_min", "bbox_xmin", "bbox_x_min"],
            &["ymin", "y_min", "bbox_ymin", "bbox_y_min"],
            &["xmax", "x_max", "bbox_xmax", "bbox_x_max"],
            &["ymax", "y_max", "bbox_ymax", "bbox_y_max"],
        ],
    ),
    (Form::Corners, [&["x1", "bbox_x1"], &["y1", "bbox_y1"], &["x2", "bbox_x2"], &["y2", "bbox_y2"]]),
    (Form::Corners, [&["left"], &["top"], &["right"], &["bottom"]]),
    (
        Form::Size,
        [
            &["x", "bbox_x", "box_x", "left"],
            &["y", "bbox_y", "box_y", "top"],
            // A table may tell the size of the picture, too; that is never called by one letter.
            &["w", "bbox_w", "box_w", "bbox_width", "box_width", "width"],
            &["h", "bbox_h", "box_h", "bbox_height", "box_height", "height"],
        ],
    ),
];

/// What is written of a box, as it stands in the table.
pub type Written = [f64; 4];

/// Where boxes stand in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxColumns {
    columns: [usize; 4],
    form: Form,
}

impl BoxColumns {
    /// `None` where there are no boxes.
    ///
    /// # Errors
    /// [`ManifestError::BoxColumn`] where of four columns one is not there.
    pub fn of(header: &[String], seen: impl FnOnce() -> Seen) -> Result<Option<Self>, ManifestError> {
        let names: Vec<String> = header.iter().map(|name| simple(name)).collect();
        let find = |names_of: &&[&str]| names_of.iter().find_map(|name| names.iter().position(|own| own == name));
        let found = FAMILIES.map(|(form, family)| (form, family, family.each_ref().map(find)));
        for (form, _, columns) in &found {
            if let [Some(a), Some(b), Some(c), Some(d)] = *columns {
                return Ok(Some(BoxColumns { columns: [a, b, c, d], form: *form }));
            }
        }
        for (_, family, columns) in &found {
            let mut missing = (0..4).filter(|&of| columns[of].is_none());
            if let (Some(missing), None) = (missing.next(), missing.next()) {
                return Err(ManifestError::BoxColumn { column: family[missing][0], seen: seen().into() });
            }
        }
        Ok(None)
    }

    /// What a row says of its box; `None` where it says nothing.
    ///
    /// # Errors
    /// What stands there instead of a number.
    pub fn read<'a>(&self, field: impl Fn(usize) -> &'a str) -> Result<Option<Written>, String> {
        let texts = self.columns.map(|column| field(column).trim());
        if texts.iter().all(|text| text.is_empty()) {
            return Ok(None);
        }
        let mut written = [0.0; 4];
        for (number, text) in written.iter_mut().zip(texts) {
            *number = text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| text.to_string())?;
        }
        Ok(Some(written))
    }

    /// What is written as an area.
    pub fn area(&self, [a, b, c, d]: Written, unit: BoxUnit) -> Area {
        let (width, height) = match self.form {
            Form::Corners => (c - a, d - b),
            Form::Size => (c, d),
        };
        Area { left: a, top: b, width, height, unit }
    }
}

/// What the numbers of all boxes of a table count: where none goes beyond 1, shares. A box of one pixel is nobody's.
pub fn unit<'a>(mut all: impl Iterator<Item = &'a Written>) -> BoxUnit {
    if all.all(|written| written.iter().all(|number| *number <= 1.0)) { BoxUnit::Shares } else { BoxUnit::Pixels }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Result<Option<([usize; 4], Form)>, &'static str> {
        let header: Vec<String> = header.split(',').map(String::from).collect();
        let seen = || Seen { header: String::new(), separator: "", encoding: "" };
        match BoxColumns::of(&header, seen) {
            Ok(found) => Ok(found.map(|BoxColumns { columns, form }| (columns, form))),
            Err(ManifestError::BoxColumn { column, .. }) => Err(column),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn boxes_go_by_the_names_that_people_give_them() {
        assert_eq!(of("path,label,x,y,w,h"), Ok(Some(([2, 3, 4, 5], Form::Size))));
        assert_eq!(of("path,X,Y,Width,Height,label"), Ok(Some(([1, 2, 3, 4], Form::Size))));
        assert_eq!(of("x1,y1,x2,y2,path"), Ok(Some(([0, 1, 2, 3], Form::Corners))));
        assert_eq!(of("left,top,width,height"), Ok(Some(([0, 1, 2, 3], Form::Size))));
        assert_eq!(of("left,top,right,bottom"), Ok(Some(([0, 1, 2, 3], Form::Corners))));
        let with_size = "filename,width,height,class,xmin,ymin,xmax,ymax";
        assert_eq!(of(with_size), Ok(Some(([4, 5, 6, 7], Form::Corners))), "the picture's size is no box");
        assert_eq!(of("path,x,y,w,h,width,height"), Ok(Some(([1, 2, 3, 4], Form::Size))));
        assert_eq!(of("path,label,width,height"), Ok(None));
        assert_eq!(of("path,label,x,y"), Ok(None), "a point is no box");
        assert_eq!(of("path,x,y,w"), Err("h"));
        assert_eq!(of("path,xmin,ymin,xmax"), Err("ymax"));
    }

    #[test]
    fn numbers_are_shares_where_none_goes_beyond_one() {
        assert_eq!(unit([[0.0, 0.5, 1.0, 0.5], [-0.1, 0.0, 0.2, 0.2]].iter()), BoxUnit::Shares);
        assert_eq!(unit([[0.0, 0.5, 1.0, 0.5], [0.0, 0.0, 2.0, 1.0]].iter()), BoxUnit::Pixels);
    }

    #[test]
    fn what_is_no_number_is_told() {
        let columns = BoxColumns { columns: [0, 1, 2, 3], form: Form::Size };
        let read = |texts: [&'static str; 4]| columns.read(|column| texts[column]);
        assert_eq!(read([" 1", "2.5 ", "3e1", "4"]), Ok(Some([1.0, 2.5, 30.0, 4.0])));
        assert_eq!(read(["", " ", "", ""]), Ok(None));
        for wrong in ["", "nan", "inf", "12px", "1,5"] {
            assert_eq!(read(["1", wrong, "3", "4"]), Err(wrong.to_string()));
        }
    }
}
