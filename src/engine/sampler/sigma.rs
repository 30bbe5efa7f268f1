//! Top-nσ: tokens whose logits are near the highest, measured by the spread of all.

use super::candidate::finite_or_lowest;
use super::math::Block;
use super::row::Row;

/// Sums that are kept beside each other, so that the compiler makes vector instructions of them.
const LANES: usize = 8;

/// Logits of a row at least this high are at most `n` standard deviations below the highest. Logits of -∞ do not
/// count for the deviation.
pub(super) fn floor(row: &Row<'_>, n: f32) -> f32 {
    let max = f64::from(row.max());
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for [c, s, q] in row.map_blocks(|block| sums(block, max)) {
        count += c;
        sum += s;
        squares += q;
    }
    let mean: f64 = sum / count;
    // Below 0 only by rounding, and NaN where no token can be chosen.
    let deviation = (squares / count - mean * mean).max(0.0).sqrt();
    (max - f64::from(n) * deviation) as f32
}

/// How many logits of a block are above -∞, and the sums of their distances from `max` and of the squares.
fn sums(block: &Block, max: f64) -> [f64; 3] {
    let mut lanes = [[0.0; LANES]; 3];
    for part in block.as_chunks::<LANES>().0 {
        for (lane, &logit) in part.iter().enumerate() {
            let logit = finite_or_lowest(logit);
            let counts = if logit > f32::NEG_INFINITY { 1.0 } else { 0.0 };
            let below = if logit > f32::NEG_INFINITY { f64::from(logit) - max } else { 0.0 };
            lanes[0][lane] += counts;
            lanes[1][lane] += below;
            lanes[2][lane] += below * below;
        }
    }
    lanes.map(|lanes| lanes.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor_of(logits: &[f32], n: f32) -> f32 {
        floor(&Row::new(logits, &[], None, &mut Vec::new()), n)
    }

    #[test]
    fn the_floor_is_some_deviations_below_the_highest() {
        // Mean 5, variance 4.
        let logits = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        assert_eq!(floor_of(&logits, 1.0), 7.0);
        assert_eq!(floor_of(&logits, 2.5), 4.0);
        let with_none: Vec<f32> = [f32::NAN, f32::NEG_INFINITY].into_iter().chain(logits).collect();
        assert_eq!(floor_of(&with_none, 1.0), 7.0);
    }

    #[test]
    fn large_rows_and_odd_ones() {
        let logits: Vec<f32> = (0..5000).map(|i| ((i * 7919) % 5000) as f32 / 100.0).collect();
        let mean = logits.iter().map(|&x| f64::from(x)).sum::<f64>() / 5000.0;
        let variance = logits.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / 5000.0;
        let expected = 49.99 - 0.5 * variance.sqrt();
        assert!((f64::from(floor_of(&logits, 0.5)) - expected).abs() < 1e-4);
        assert_eq!(floor_of(&[3.0; 4], 1.0), 3.0);
        assert!(floor_of(&[f32::INFINITY, 0.0], 1.0).is_finite());
    }
}
