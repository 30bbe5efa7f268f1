//! Vectors of `f32`, as wide as the processor has them.
//!
//! The kernels are written once over [`Lanes`] and compiled once for each kind of vector, in functions that carry the
//! processor feature. All methods are inlined into these, so that none is a call.

/// A vector of [`Lanes::N`] numbers.
///
/// # Safety
/// The methods may only be called where the processor has the feature of the implementation. Pointers must be good for
/// as many elements as are read or written; they need not be aligned.
pub(super) trait Lanes: Copy {
    /// Numbers in a vector.
    const N: usize;

    unsafe fn splat(x: f32) -> Self;
    unsafe fn load(p: *const f32) -> Self;
    unsafe fn store(self, p: *mut f32);
    /// Numbers of 16 bits.
    unsafe fn load_half(p: *const u16) -> Self;
    /// Whole numbers of 8 bits.
    unsafe fn load_byte(p: *const i8) -> Self;
    /// `self * b + c`.
    unsafe fn fma(self, b: Self, c: Self) -> Self;
    unsafe fn add(self, b: Self) -> Self;
    unsafe fn sub(self, b: Self) -> Self;
    unsafe fn mul(self, b: Self) -> Self;
    unsafe fn div(self, b: Self) -> Self;
    unsafe fn max(self, b: Self) -> Self;
    /// Sum of all lanes.
    unsafe fn sum(self) -> f32;
    /// Largest of all lanes.
    unsafe fn top(self) -> f32;
    /// `2^self` for whole numbers from -126 to 127.
    unsafe fn power_of_two(self) -> Self;
    /// The nearest whole number.
    unsafe fn round(self) -> Self;

    /// `e^self`, to a few units in the last place; 0 below -87, where that is less than any number that matters.
    #[inline(always)]
    unsafe fn exp(self) -> Self {
        // Cephes' expf: e^x = 2^n * e^r with r within half a step of ln 2.
        // SAFETY: by the caller's promise.
        unsafe {
            let x = self.max(Self::splat(-87.0));
            let n = x.mul(Self::splat(std::f32::consts::LOG2_E)).round();
            let r = n.fma(Self::splat(-0.693_359_4), x);
            let r = n.fma(Self::splat(2.121_944_4e-4), r);
            let mut p = Self::splat(1.987_569_1e-4);
            for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
                p = p.fma(r, Self::splat(c));
            }
            let e = p.fma(r.mul(r), r.add(Self::splat(1.0)));
            e.mul(n.power_of_two())
        }
    }

    /// `tanh(self)`.
    #[inline(always)]
    unsafe fn tanh(self) -> Self {
        // SAFETY: by the caller's promise.
        unsafe {
            let one = Self::splat(1.0);
            // Beyond 9, it is 1 in 32 bits.
            let x = self.max(Self::splat(-9.0));
            let x = Self::splat(0.0).sub(Self::splat(0.0).sub(x).max(Self::splat(-9.0)));
            let e = x.add(x).exp();
            e.sub(one).div(e.add(one))
        }
    }
}

/// For processors without any of the others; the compiler makes of it what it can.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; 8]);

macro_rules! each {
    ($f:expr) => {{
        let mut out = [0.0; 8];
        for (i, x) in out.iter_mut().enumerate() {
            *x = $f(i);
        }
        Portable(out)
    }};
}

impl Lanes for Portable {
    const N: usize = 8;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self([x; 8])
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: by the caller's promise.
        Self(unsafe { p.cast::<[f32; 8]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: by the caller's promise.
        unsafe { p.cast::<[f32; 8]>().write_unaligned(self.0) };
    }
    #[inline(always)]
    unsafe fn load_half(p: *const u16) -> Self {
        // SAFETY: by the caller's promise.
        let halves = unsafe { p.cast::<[u16; 8]>().read_unaligned() };
        each!(|i: usize| half_to_float(halves[i]))
    }
    #[inline(always)]
    unsafe fn load_byte(p: *const i8) -> Self {
        // SAFETY: by the caller's promise.
        let bytes = unsafe { p.cast::<[i8; 8]>().read_unaligned() };
        each!(|i: usize| f32::from(bytes[i]))
    }
    #[inline(always)]
    unsafe fn fma(self, b: Self, c: Self) -> Self {
        // Not `mul_add`, which is a call where the processor has no such instruction.
        each!(|i: usize| self.0[i] * b.0[i] + c.0[i])
    }
    #[inline(always)]
    unsafe fn add(self, b: Self) -> Self {
        each!(|i: usize| self.0[i] + b.0[i])
    }
    #[inline(always)]
    unsafe fn sub(self, b: Self) -> Self {
        each!(|i: usize| self.0[i] - b.0[i])
    }
    #[inline(always)]
    unsafe fn mul(self, b: Self) -> Self {
        each!(|i: usize| self.0[i] * b.0[i])
    }
    #[inline(always)]
    unsafe fn div(self, b: Self) -> Self {
        each!(|i: usize| self.0[i] / b.0[i])
    }
    #[inline(always)]
    unsafe fn max(self, b: Self) -> Self {
        each!(|i: usize| if self.0[i] > b.0[i] { self.0[i] } else { b.0[i] })
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        self.0.iter().sum()
    }
    #[inline(always)]
    unsafe fn top(self) -> f32 {
        self.0.iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }
    #[inline(always)]
    unsafe fn power_of_two(self) -> Self {
        each!(|i: usize| f32::from_bits(((self.0[i] as i32 + 127) as u32) << 23))
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        each!(|i: usize| self.0[i].round_ties_even())
    }
}

/// IEEE's number of 16 bits.
pub(super) fn half_to_float(half: u16) -> f32 {
    let (sign, exponent, mantissa) = (u32::from(half >> 15) << 31, (half >> 10) & 31, u32::from(half & 1023));
    match exponent {
        // Below the smallest normal number, it counts in steps of 2^-24.
        0 => f32::from_bits(sign | (mantissa as f32 * 2.0_f32.powi(-24)).to_bits()),
        31 => f32::from_bits(sign | 0x7f80_0000 | (mantissa << 13)),
        _ => f32::from_bits(sign | ((u32::from(exponent) + 112) << 23) | (mantissa << 13)),
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Lanes;

    /// 16 lanes, of AVX-512F.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx512(__m512);

    /// 8 lanes, of AVX2, FMA and F16C.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx2(__m256);

    // SAFETY of all of it: the processor has the feature, and pointers are good, by the promise of the trait's callers.
    #[allow(clippy::undocumented_unsafe_blocks, reason = "one reason for all, above")]
    impl Lanes for Avx512 {
        const N: usize = 16;

        #[inline(always)]
        unsafe fn splat(x: f32) -> Self {
            Self(unsafe { _mm512_set1_ps(x) })
        }
        #[inline(always)]
        unsafe fn load(p: *const f32) -> Self {
            Self(unsafe { _mm512_loadu_ps(p) })
        }
        #[inline(always)]
        unsafe fn store(self, p: *mut f32) {
            unsafe { _mm512_storeu_ps(p, self.0) }
        }
        #[inline(always)]
        unsafe fn load_half(p: *const u16) -> Self {
            Self(unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(p.cast())) })
        }
        #[inline(always)]
        unsafe fn load_byte(p: *const i8) -> Self {
            Self(unsafe { _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(p.cast()))) })
        }
        #[inline(always)]
        unsafe fn fma(self, b: Self, c: Self) -> Self {
            Self(unsafe { _mm512_fmadd_ps(self.0, b.0, c.0) })
        }
        #[inline(always)]
        unsafe fn add(self, b: Self) -> Self {
            Self(unsafe { _mm512_add_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn sub(self, b: Self) -> Self {
            Self(unsafe { _mm512_sub_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn mul(self, b: Self) -> Self {
            Self(unsafe { _mm512_mul_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn div(self, b: Self) -> Self {
            Self(unsafe { _mm512_div_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn max(self, b: Self) -> Self {
            Self(unsafe { _mm512_max_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn sum(self) -> f32 {
            unsafe { _mm512_reduce_add_ps(self.0) }
        }
        #[inline(always)]
        unsafe fn top(self) -> f32 {
            unsafe { _mm512_reduce_max_ps(self.0) }
        }
        #[inline(always)]
        unsafe fn power_of_two(self) -> Self {
            Self(unsafe { _mm512_scalef_ps(_mm512_set1_ps(1.0), self.0) })
        }
        #[inline(always)]
        unsafe fn round(self) -> Self {
            Self(unsafe { _mm512_roundscale_ps(self.0, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC) })
        }
    }

    // SAFETY of all of it: as above.
    #[allow(clippy::undocumented_unsafe_blocks, reason = "one reason for all, above")]
    impl Lanes for Avx2 {
        const N: usize = 8;

        #[inline(always)]
        unsafe fn splat(x: f32) -> Self {
            Self(unsafe { _mm256_set1_ps(x) })
        }
        #[inline(always)]
        unsafe fn load(p: *const f32) -> Self {
            Self(unsafe { _mm256_loadu_ps(p) })
        }
        #[inline(always)]
        unsafe fn store(self, p: *mut f32) {
            unsafe { _mm256_storeu_ps(p, self.0) }
        }
        #[inline(always)]
        unsafe fn load_half(p: *const u16) -> Self {
            Self(unsafe { _mm256_cvtph_ps(_mm_loadu_si128(p.cast())) })
        }
        #[inline(always)]
        unsafe fn load_byte(p: *const i8) -> Self {
            Self(unsafe { _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(p.cast()))) })
        }
        #[inline(always)]
        unsafe fn fma(self, b: Self, c: Self) -> Self {
            Self(unsafe { _mm256_fmadd_ps(self.0, b.0, c.0) })
        }
        #[inline(always)]
        unsafe fn add(self, b: Self) -> Self {
            Self(unsafe { _mm256_add_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn sub(self, b: Self) -> Self {
            Self(unsafe { _mm256_sub_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn mul(self, b: Self) -> Self {
            Self(unsafe { _mm256_mul_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn div(self, b: Self) -> Self {
            Self(unsafe { _mm256_div_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn max(self, b: Self) -> Self {
            Self(unsafe { _mm256_max_ps(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn sum(self) -> f32 {
            unsafe {
                let four = _mm_add_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps(self.0, 1));
                let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
                _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
            }
        }
        #[inline(always)]
        unsafe fn top(self) -> f32 {
            unsafe {
                let four = _mm_max_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps(self.0, 1));
                let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
                _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)))
            }
        }
        #[inline(always)]
        unsafe fn power_of_two(self) -> Self {
            unsafe {
                let biased = _mm256_add_epi32(_mm256_cvtps_epi32(self.0), _mm256_set1_epi32(127));
                Self(_mm256_castsi256_ps(_mm256_slli_epi32(biased, 23)))
            }
        }
        #[inline(always)]
        unsafe fn round(self) -> Self {
            Self(unsafe { _mm256_round_ps(self.0, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC) })
        }
    }
}

#[cfg(target_arch = "aarch64")]
pub(super) use arm::Neon;

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::arch::aarch64::*;

    use super::{Lanes, half_to_float};

    /// 4 lanes, which every processor of this kind has.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Neon(float32x4_t);

    // SAFETY of all of it: the feature is always there, and pointers are good, by the promise of the trait's callers.
    #[allow(clippy::undocumented_unsafe_blocks, reason = "one reason for all, above")]
    impl Lanes for Neon {
        const N: usize = 4;

        #[inline(always)]
        unsafe fn splat(x: f32) -> Self {
            Self(unsafe { vdupq_n_f32(x) })
        }
        #[inline(always)]
        unsafe fn load(p: *const f32) -> Self {
            Self(unsafe { vld1q_f32(p) })
        }
        #[inline(always)]
        unsafe fn store(self, p: *mut f32) {
            unsafe { vst1q_f32(p, self.0) }
        }
        #[inline(always)]
        unsafe fn load_half(p: *const u16) -> Self {
            // The instruction for it has no stable name in Rust yet.
            let h = unsafe { p.cast::<[u16; 4]>().read_unaligned() };
            let floats = h.map(half_to_float);
            Self(unsafe { vld1q_f32(floats.as_ptr()) })
        }
        #[inline(always)]
        unsafe fn load_byte(p: *const i8) -> Self {
            let b = unsafe { p.cast::<[i8; 4]>().read_unaligned() };
            let floats = b.map(f32::from);
            Self(unsafe { vld1q_f32(floats.as_ptr()) })
        }
        #[inline(always)]
        unsafe fn fma(self, b: Self, c: Self) -> Self {
            Self(unsafe { vfmaq_f32(c.0, self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn add(self, b: Self) -> Self {
            Self(unsafe { vaddq_f32(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn sub(self, b: Self) -> Self {
            Self(unsafe { vsubq_f32(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn mul(self, b: Self) -> Self {
            Self(unsafe { vmulq_f32(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn div(self, b: Self) -> Self {
            Self(unsafe { vdivq_f32(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn max(self, b: Self) -> Self {
            Self(unsafe { vmaxq_f32(self.0, b.0) })
        }
        #[inline(always)]
        unsafe fn sum(self) -> f32 {
            unsafe { vaddvq_f32(self.0) }
        }
        #[inline(always)]
        unsafe fn top(self) -> f32 {
            unsafe { vmaxvq_f32(self.0) }
        }
        #[inline(always)]
        unsafe fn power_of_two(self) -> Self {
            unsafe {
                let biased = vaddq_s32(vcvtnq_s32_f32(self.0), vdupq_n_s32(127));
                Self(vreinterpretq_f32_s32(vshlq_n_s32(biased, 23)))
            }
        }
        #[inline(always)]
        unsafe fn round(self) -> Self {
            Self(unsafe { vrndnq_f32(self.0) })
        }
    }
}
