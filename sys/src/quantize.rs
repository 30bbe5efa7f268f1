//! Storing a model's weights with fewer bits.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use llama_cpp_sys_2 as ffi;

use crate::{Error, log};

/// Makes [`FileType`] from one table of `Variant = "NAME", llama.cpp's number`.
macro_rules! file_types {
    ($($variant:ident = $name:literal, $number:ident;)*) => {
        /// How most weights of a file are stored: the types that llama.cpp makes without an importance matrix.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the names say it")]
        pub enum FileType {
            $($variant,)*
        }

        impl FileType {
            /// All of them, from the largest.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant,)*];

            /// As people write it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            fn number(self) -> ffi::llama_ftype {
                match self {
                    $(Self::$variant => ffi::$number,)*
                }
            }
        }
    };
}

file_types! {
    F32 = "F32", LLAMA_FTYPE_ALL_F32;
    F16 = "F16", LLAMA_FTYPE_MOSTLY_F16;
    Bf16 = "BF16", LLAMA_FTYPE_MOSTLY_BF16;
    Q8_0 = "Q8_0", LLAMA_FTYPE_MOSTLY_Q8_0;
    Q6K = "Q6_K", LLAMA_FTYPE_MOSTLY_Q6_K;
    Q5_1 = "Q5_1", LLAMA_FTYPE_MOSTLY_Q5_1;
    Q5KM = "Q5_K_M", LLAMA_FTYPE_MOSTLY_Q5_K_M;
    Q5KS = "Q5_K_S", LLAMA_FTYPE_MOSTLY_Q5_K_S;
    Q5_0 = "Q5_0", LLAMA_FTYPE_MOSTLY_Q5_0;
    Q4_1 = "Q4_1", LLAMA_FTYPE_MOSTLY_Q4_1;
    Q4KM = "Q4_K_M", LLAMA_FTYPE_MOSTLY_Q4_K_M;
    Q4KS = "Q4_K_S", LLAMA_FTYPE_MOSTLY_Q4_K_S;
    Q4_0 = "Q4_0", LLAMA_FTYPE_MOSTLY_Q4_0;
    Iq4Nl = "IQ4_NL", LLAMA_FTYPE_MOSTLY_IQ4_NL;
    Iq4Xs = "IQ4_XS", LLAMA_FTYPE_MOSTLY_IQ4_XS;
    Q3KL = "Q3_K_L", LLAMA_FTYPE_MOSTLY_Q3_K_L;
    Q3KM = "Q3_K_M", LLAMA_FTYPE_MOSTLY_Q3_K_M;
    Q3KS = "Q3_K_S", LLAMA_FTYPE_MOSTLY_Q3_K_S;
    Iq3M = "IQ3_M", LLAMA_FTYPE_MOSTLY_IQ3_M;
    Iq3S = "IQ3_S", LLAMA_FTYPE_MOSTLY_IQ3_S;
    Q2K = "Q2_K", LLAMA_FTYPE_MOSTLY_Q2_K;
    Tq2_0 = "TQ2_0", LLAMA_FTYPE_MOSTLY_TQ2_0;
    Tq1_0 = "TQ1_0", LLAMA_FTYPE_MOSTLY_TQ1_0;
}

/// Reads a GGUF and writes it with weights of another type. `progress` is told the tensors done and in all.
///
/// llama.cpp aborts the process on files that it does not expect: run this in one of its own.
///
/// # Errors
/// If a path holds a NUL, or llama.cpp fails: a file cannot be read or written, or a tensor cannot have the type.
pub fn quantize(
    input: &Path,
    output: &Path,
    target: FileType,
    mut progress: impl FnMut(u64, u64) + 'static,
) -> Result<(), Error> {
    crate::init();
    let c_path = |path: &Path| {
        CString::new(path.as_os_str().as_bytes())
            .map_err(|_| Error::Argument(format!("{} holds a NUL", path.display())))
    };
    let (input, output) = (c_path(input)?, c_path(output)?);
    // SAFETY: a plain function without arguments that returns a struct by value.
    let mut params = unsafe { ffi::llama_model_quantize_default_params() };
    params.ftype = target.number();
    let on_log = move |text: &str| {
        if let Some((done, total)) = counts(text) {
            progress(done, total);
        }
    };
    let status = log::watch(on_log, || {
        // SAFETY: both strings and the parameters live during the call; the pointers within the parameters are the
        // defaults, null.
        unsafe { ffi::llama_model_quantize(input.as_ptr(), output.as_ptr(), &raw const params) }
    });
    if status == 0 { Ok(()) } else { Err(Error::Quantize(log::take_error())) }
}

/// `[  12/ 147] blk.0.attn_q.weight - …` is tensor 12 of 147.
fn counts(line: &str) -> Option<(u64, u64)> {
    let (inside, _) = line.strip_prefix('[')?.split_once(']')?;
    let (done, total) = inside.split_once('/')?;
    Some((done.trim().parse().ok()?, total.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_from_the_log() {
        assert_eq!(counts("[  12/ 147]                 token_embd.weight - [ 256, ...]"), Some((12, 147)));
        assert_eq!(counts("llama_model_quantize_impl: [1/2] no"), None);
        assert_eq!(counts("[x/2]"), None);
    }
}
