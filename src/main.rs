//! The `quipu` binary.

fn main() -> std::process::ExitCode {
    quipu::cli::main()
}
