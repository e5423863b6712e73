//! Mistakes that the compiler refuses, each with what it then says.

#[test]
fn mistakes_that_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
