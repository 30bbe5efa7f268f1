//! The binary: for now the engine process only.
fn main() -> std::process::ExitCode {
    quipu::engine::worker::run()
}
