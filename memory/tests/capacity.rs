//! What is needed beyond what is handed out in order. Alone in its process, which has no such memory left afterwards.

#[global_allocator]
static MEMORY: memory::Bump = memory::Bump;

#[test]
fn there_is_more_than_is_handed_out_in_order() {
    let piece = 50_000;
    let number = 2 * memory::CAPACITY / piece;
    let kept: Vec<Vec<u8>> = (0..number).map(|at| vec![u8::try_from(at % 251).unwrap(); piece]).collect();
    for (at, bytes) in kept.iter().enumerate() {
        assert!(bytes.iter().all(|byte| usize::from(*byte) == at % 251));
    }
}
