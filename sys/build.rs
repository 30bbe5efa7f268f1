//! Builds the few lines of C++ that keep exceptions on their side of the border.

fn main() {
    println!("cargo:rerun-if-changed=src/shim.cpp");
    cc::Build::new().cpp(true).std("c++17").file("src/shim.cpp").compile("quipu_shim");
}
