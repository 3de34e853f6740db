//! Lets the linker write the places that depend on where the program is loaded as a bitmap: 2.5 MB less.

use std::process::Command;

/// The first C library that reads such a bitmap, major and minor version.
const READS_IT: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |variable: &str, value: &str| told(variable).is_some_and(|found| found == value);
    let native = told("HOST") == told("TARGET");
    let reads_it = library().is_some_and(|version| version >= READS_IT);
    if native && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && reads_it {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// What Cargo tells a build script.
#[expect(clippy::disallowed_methods, reason = "it is no setting of the program")]
fn told(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// The version of this machine's C library.
fn library() -> Option<(u32, u32)> {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
