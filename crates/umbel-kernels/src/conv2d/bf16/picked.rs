//! The bodies of the weight gradient through max-pooling in pairs: a term is a pair of neighboring pooled pixels, whose eight
//! inputs lie side by side, and each channel picks its two by their bytes.

use crate::conv2d::picked::{Picked, add_terms, open};
use crate::extent::volume;
use crate::isa::{Pairs, Simd, per_pairs};

per_pairs! {
    pub(super) fn split_choice(dy: &[f32], choice: &[u8], masked: &mut [f32], index: &mut [f32], db: &mut [f32])
        = split_choice_body;
    pub(super) fn add_picked(p: &Picked<'_>, dw: &mut [f32]) = add_terms;
}

/// Takes the choices of a row apart: the pairs of gradient that they let through, and the bytes of what each channel picks
/// of an octet (input, and that of the next pooled pixel; their right neighbors; then the same a row lower). `db` gets the
/// sums.
#[inline(always)]
fn split_choice_body<T: Pairs>(t: T, dy: &[f32], choice: &[u8], masked: &mut [f32], index: &mut [f32], db: &mut [f32]) {
    let s = t.simd();
    let (channels, lanes) = (db.len(), T::S::LANES);
    let pairs = dy.len().div_ceil(2 * channels);
    assert!(choice.len() == dy.len(), "a choice for each gradient");
    assert!(masked.len().min(index.len()) >= volume(&[pairs, channels]), "room for each pair");
    // The two bytes of each place, in the upper half, for the first of a pair and for the second.
    let [first_bytes, second_bytes] = [0, 4].map(|at| [0, 2, 8, 10].map(|place| pair_of_bytes(at + place)));
    for c in (0..channels).step_by(lanes) {
        let n = (channels - c).min(lanes);
        let mut sum = s.load(&db[c..c + n]);
        for pair in 0..pairs {
            let at = 2 * pair * channels + c;
            let (low, low_place) = open(s, &dy[at..at + n], &choice[at..at + n]);
            let next = at + channels;
            let (high, high_place) = match next < dy.len() {
                true => open(s, &dy[next..next + n], &choice[next..next + n]),
                false => (s.splat(0.0), s.splat(0.0)),
            };
            // SAFETY: both tables hold four floats.
            let (low_bytes, high_bytes) =
                unsafe { (s.pick_at(first_bytes.as_ptr(), low_place), s.pick_at(second_bytes.as_ptr(), high_place)) };
            let to = pair * channels + c..pair * channels + c + n;
            s.store(&mut masked[to.clone()], t.join(low, high));
            s.store(&mut index[to], s.join_halves(low_bytes, high_bytes));
            sum = s.add(sum, s.add(low, high));
        }
        s.store(&mut db[c..c + n], sum);
    }
}

/// The numbers of two adjacent bytes, in the upper half of a float's bits.
fn pair_of_bytes(first: u32) -> f32 {
    f32::from_bits((first | (first + 1) << 8) << 16)
}
