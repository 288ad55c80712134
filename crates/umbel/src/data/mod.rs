//! From a folder of photos to batches of numbers: index → split → decode → cache → augment → loader. Never imports `nn`.

pub mod augment;
pub mod cache;
pub mod dataset;
mod error;
pub mod index;
pub mod likeness;
pub mod loader;
pub mod plan;
pub mod source;
pub mod split;
pub mod unpack;

pub use umbel_predict::{decode, prepare as prep, views};

pub use crate::base::part::Part;
pub use crate::base::problem::{Problem, ProblemKind};
pub use cache::{Cache, CacheOptions, DoubtfulDepth, Rows, RowsWriter};
pub use dataset::{Dataset, DatasetOptions, image_dataset_from_directory};
pub use error::{AnnotationFault, Error, ManifestError, SplitFileError};
pub use index::{DetectedBox, DetectorFile, Index, Listing, Photo, is_for_the_rest, is_never_data};
pub use loader::{Batch, Loader, LoaderOptions};
pub use plan::{Plan, PlanRow};
pub use prep::{Interpolation, Margin, PrepSpec, Resize};
pub use source::{ArchiveFault, ArchiveFile, Copies, Detections, Source};
pub use split::{GroupBy, Split, SplitMethod, SplitOptions, Together};
pub use unpack::{ArchiveKind, UnpackFault, UnpackLimits, Unpacked};
pub use views::{Tta, Views};
