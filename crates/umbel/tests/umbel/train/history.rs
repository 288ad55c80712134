//! history.csv: columns, exact numbers, and what is refused.

use std::fs;

use umbel::base::progress::EpochRecord;
use umbel::train::History;

fn record(epoch: usize, x: f64) -> EpochRecord {
    EpochRecord {
        epoch,
        loss: x,
        accuracy: x / 3.0,
        val_loss: x.sqrt(),
        val_accuracy: 1.0 / x,
        lr: 1e-7 * x,
        seconds: x * 1e10,
        images_per_second: 0.0,
        ..EpochRecord::default()
    }
}

#[test]
fn numbers_read_back_to_the_same_bits() {
    let values = [0.1, 1.0 / 3.0, f64::MIN_POSITIVE, 1e300, 2.0, 0.30000000000000004, f64::EPSILON];
    let epochs = values.iter().enumerate().map(|(index, x)| record(index + 1, *x)).collect();
    let history = History { epochs };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.csv");
    history.write(&path).unwrap();
    assert_eq!(History::read(&path).unwrap(), history);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds\n1,"), "{text}");
    assert_eq!(text.lines().count(), 8);
}

#[test]
fn no_epochs_is_a_header() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.csv");
    History::default().write(&path).unwrap();
    assert_eq!(History::read(&path).unwrap(), History::default());
}

#[test]
fn what_is_no_history_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.csv");
    let header = "epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds\n";
    let cases = [
        (String::new(), "columns"),
        ("epoch,loss\n1,2\n".to_string(), "columns"),
        (format!("{header}1,a,0,0,0,0,0\n"), "line 2: loss is \"a\""),
        (format!("{header}1,0,0,0,0,0,0\n1,0,0,0,0,0,0\n"), "line 3: epoch 1 came, but 2 was expected"),
        (format!("{header}1,0,0\n"), "3 fields"),
        (format!("{header}-1,0,0,0,0,0,0\n"), "epoch is \"-1\""),
    ];
    for (text, expected) in cases {
        fs::write(&path, &text).unwrap();
        let error = History::read(&path).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("history.csv"), "{text:?} gave {error:?}");
    }
    fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    History::read(&path).unwrap_err();
    assert!(History::read(&folder.path().join("none.csv")).unwrap_err().to_string().contains("none.csv"));
}
