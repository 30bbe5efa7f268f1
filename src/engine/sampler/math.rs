//! The arithmetic over whole rows, in blocks that the compiler turns into vector instructions.
//!
//! Sums and maxima of floats depend on their order, so a compiler may not vectorise the plain loop. These
//! join the halves of a block until one value is left: the order is fixed by this code, not by the width of
//! the machine's vectors, and so is the result.

use std::f32::consts::{LN_2, LOG2_E};

/// Logits that are worked on together. Small enough that few tokens share a block with a likely one, large
/// enough that the work for each block is small beside that for each logit.
pub(super) const BLOCK: usize = 128;

/// A block of a row of logits.
pub(super) type Block = [f32; BLOCK];

/// The `scale` of the model's own probabilities, that is of temperature 1.
pub(super) const NATURAL: f32 = LOG2_E;

/// 2^((logit - max) · scale): a token's probability in proportion to that of the likeliest, with the
/// temperature T in the scale log2(e) / T.
///
/// From 1 down to the smallest normal number, then 0; also 0 for NaN, and 1 for a logit above `max`.
#[inline]
pub(super) fn weight(logit: f32, max: f32, scale: f32) -> f32 {
    exp2((logit - max) * scale)
}

/// 2^x for x ≤ 0, with a relative error below 2 · 10⁻⁷.
///
/// 2^x = 2^n · 2^f for the whole number n nearest to x, and -½ ≤ f ≤ ½. No branches and no calls, since
/// either keeps loops from being vectorised; no fused multiply-add either, which is a slow call on machines
/// that lack the instruction.
#[inline]
fn exp2(x: f32) -> f32 {
    /// Adding 1.5 · 2²³ rounds to a whole number, and leaves that in the low bits.
    const ROUND: f32 = 12_582_912.0;
    /// Makes n -127, for which `power` below is 0.
    const LOWEST: f32 = -127.0;

    // For NaN, the comparison is false.
    let x = if x > LOWEST { x.min(0.0) } else { LOWEST };
    let shifted = x + ROUND;
    let f = x - (shifted - ROUND);
    // The polynomial of degree 5 with the least relative error among those that begin with 1 + f ln 2.
    let mut fraction = 1.330_026_5e-3;
    fraction = fraction * f + 9.669_709e-3;
    fraction = fraction * f + 5.550_56e-2;
    fraction = fraction * f + 2.402_228_1e-1;
    fraction = fraction * f + LN_2;
    fraction = fraction * f + 1.0;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    power * fraction
}

/// The highest logit of a block, NaN left out.
#[inline]
pub(super) fn max(block: &Block) -> f32 {
    // False for a NaN `b`, and none becomes an `a`. Half the instructions of `f32::max`.
    fold(block, f32::NEG_INFINITY, |a, b| if b > a { b } else { a })
}

/// The sum of the weights of a block.
#[inline]
pub(super) fn mass(block: &Block, max: f32, scale: f32) -> f32 {
    let mut weights = *block;
    for x in &mut weights {
        *x = weight(*x, max, scale);
    }
    fold(&weights, 0.0, |a, b| a + b)
}

/// The sum of weight · (logit - max) over a block, at temperature 1.
#[inline]
pub(super) fn moment(block: &Block, max: f32) -> f32 {
    let mut moments = *block;
    for x in &mut moments {
        let below = *x - max;
        // Bounded, since the weight 0 of an infinite depth or of NaN would make the product NaN.
        let below = if below > f32::MIN { below.min(0.0) } else { f32::MIN };
        *x = weight(*x, max, NATURAL) * below;
    }
    fold(&moments, 0.0, |a, b| a + b)
}

/// Joins `start` and one half of a block, that and the other half, and then halves of the result until one
/// value is left.
#[inline]
fn fold(block: &Block, start: f32, join: impl Fn(f32, f32) -> f32) -> f32 {
    const HALF: usize = BLOCK / 2;
    let mut joined = [start; HALF];
    for half in block.as_chunks::<HALF>().0 {
        for (a, &b) in joined.iter_mut().zip(half) {
            *a = join(*a, b);
        }
    }
    let mut width = HALF / 2;
    while width > 0 {
        let (low, high) = joined.split_at_mut(width);
        for (a, &b) in low.iter_mut().zip(&*high) {
            *a = join(*a, b);
        }
        width /= 2;
    }
    joined[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp2_is_accurate() {
        let mut worst = 0.0_f64;
        let mut x = 0.0_f32;
        while x >= -126.0 {
            let exact = f64::from(x).exp2();
            worst = worst.max((f64::from(exp2(x)) - exact).abs() / exact);
            x -= 1.3e-5 + x.abs() * 1e-6;
        }
        assert!(worst < 2e-7, "relative error {worst:e}");
    }

    #[test]
    fn exp2_at_the_ends() {
        assert_eq!(exp2(0.0), 1.0);
        assert_eq!(exp2(-0.0), 1.0);
        assert_eq!(exp2(-1e-30), 1.0);
        assert_eq!(exp2(-126.0), f32::MIN_POSITIVE);
        for x in [-126.6, -1e3, f32::MIN, f32::NEG_INFINITY, f32::NAN] {
            assert_eq!(exp2(x), 0.0, "{x}");
        }
        for x in [1e-30, 100.0, f32::MAX, f32::INFINITY] {
            assert_eq!(exp2(x), 1.0, "{x}");
        }
    }

    #[test]
    fn weights_are_exponentials() {
        for logit in [-10.0, 0.5, 3.25, 4.0] {
            let exact = ((f64::from(logit) - 4.0) / 0.7).exp();
            let weight = f64::from(weight(logit, 4.0, LOG2_E / 0.7));
            assert!((weight / exact - 1.0).abs() < 2e-6, "{weight} instead of {exact}");
        }
    }

    #[test]
    fn blocks_are_joined_whole() {
        let block: Block = std::array::from_fn(|i| -(i as f32) / 16.0);
        let sum: f64 = block.iter().map(|&x| f64::from(x).exp()).sum();
        assert!((f64::from(mass(&block, 0.0, NATURAL)) / sum - 1.0).abs() < 1e-6);
        let moments: f64 = block.iter().map(|&x| f64::from(x).exp() * f64::from(x)).sum();
        assert!((f64::from(moment(&block, 0.0)) / moments - 1.0).abs() < 1e-6);
        for at in 0..BLOCK {
            let mut block = block;
            block[at] = 7.0;
            block[(at + 1) % BLOCK] = f32::NAN;
            assert_eq!(max(&block), 7.0);
        }
        assert_eq!(max(&[f32::NAN; BLOCK]), f32::NEG_INFINITY);
        assert_eq!(moment(&[f32::NAN; BLOCK], 0.0), 0.0);
        assert_eq!(moment(&[f32::NEG_INFINITY; BLOCK], 0.0), 0.0);
        assert_eq!(moment(&[f32::INFINITY; BLOCK], f32::MAX), 0.0);
    }
}
