//! The matrix product with all strides and sizes around the tiles' edges.

use umbel_kernels::Isa;
use umbel_kernels::gemm::{self, MatrixRef};

use crate::support::{assert_close, dirty, random, wide};

#[test]
fn matches_the_oracle_at_every_tile_height_and_width() {
    for isa in Isa::usable() {
        for m in (1..=14).chain([23, 24, 25, 48, 49, 100]) {
            for n in [1, 2, 7, 8, 9, 15, 16, 17, 23, 31, 32, 33, 40, 64, 67] {
                for k in [1, 3, 17] {
                    check(isa, m, n, k);
                }
            }
        }
        check(isa, 13, 35, 700);
        check(isa, 3, 5, 0);
        check(isa, 0, 5, 3);
        check(isa, 5, 0, 3);
    }
}

fn check(isa: Isa, m: usize, n: usize, k: usize) {
    let (a, b) = (random(1, m * k), random(2, k * n));
    let mut wanted = vec![0.0; m * n];
    gemm::scalar::gemm(m, n, k, &wide(&a), &wide(&b), &mut wanted);
    let a_turned: Vec<f32> = (0..k * m).map(|i| a[i % m.max(1) * k + i / m.max(1)]).collect();
    let b_turned: Vec<f32> = (0..k * n).map(|i| b[i % k.max(1) * n + i / k.max(1)]).collect();
    let a_views = [
        MatrixRef { data: &a, row_stride: k, col_stride: 1 },
        MatrixRef { data: &a_turned, row_stride: 1, col_stride: m },
    ];
    let b_views = [
        MatrixRef { data: &b, row_stride: n, col_stride: 1 },
        MatrixRef { data: &b_turned, row_stride: 1, col_stride: k },
    ];
    for a in a_views {
        for b in b_views {
            let mut c = dirty(m * n);
            let mut workspace = dirty(gemm::workspace_len(m, n, k));
            gemm::gemm(isa, m, n, k, a, b, &mut c, &mut workspace);
            assert_close(&format!("{} {m}x{n}x{k}", isa.name()), &c, &wanted, 1e-5);
        }
    }
}

#[test]
#[should_panic(expected = "A is too short")]
fn a_short_matrix_is_refused() {
    let a = MatrixRef { data: &[0.0; 5], row_stride: 3, col_stride: 1 };
    let b = MatrixRef { data: &[0.0; 6], row_stride: 2, col_stride: 1 };
    gemm::gemm(Isa::best(), 2, 2, 3, a, b, &mut [0.0; 4], &mut []);
}
