//! Builds the few lines of C++ that keep exceptions on their side of the border, and that start threads.

fn main() {
    println!("cargo:rerun-if-changed=src/shim.cpp");
    let mut build = cc::Build::new();
    // Where the bindings link no libgomp, there is nothing to start threads with.
    if std::env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("gnu") {
        build.flag("-fopenmp");
    }
    build.cpp(true).std("c++17").file("src/shim.cpp").compile("quipu_shim");
}
