//! The allocator under everything that a test does, and under what is made to be hard for it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hint::black_box;

#[global_allocator]
static MEMORY: memory::Bump = memory::Bump;

#[test]
fn what_grows_beside_others_keeps_what_it_has() {
    let mut lists: Vec<Vec<usize>> = vec![Vec::new(); 50];
    for number in 0..20_000 {
        let at = number % lists.len();
        lists[at].push(number);
        if number % 7 == 0 {
            lists[at].shrink_to_fit();
        }
    }
    for (at, list) in lists.iter().enumerate() {
        assert!(list.iter().enumerate().all(|(place, number)| *number == place * 50 + at));
    }
}

#[test]
fn a_text_grows_from_nothing_to_megabytes_and_back() {
    let mut text = String::new();
    for number in 0..400_000 {
        write!(text, "{number} ").unwrap();
    }
    assert_eq!(text.split(' ').nth(399_999), Some("399999"));
    text.truncate(10);
    text.shrink_to_fit();
    assert_eq!(text, "0 1 2 3 4 ");
}

#[test]
fn what_is_asked_for_as_zero_is_zero_after_others_had_the_place() {
    for size in 1..3_000_usize {
        let mut used = vec![7_u8; size];
        black_box(&mut used);
        drop(used);
        assert!(vec![0_u8; size].iter().all(|byte| *byte == 0));
    }
}

#[test]
fn every_alignment_is_kept() {
    #[repr(align(4096))]
    #[derive(Clone)]
    struct Page([u8; 3]);

    let mut kept: Vec<(Box<u8>, Box<Page>, Box<u128>)> = Vec::new();
    for number in 0..100_u8 {
        kept.push((Box::new(number), Box::new(Page([number; 3])), Box::new(number.into())));
    }
    for (number, (byte, page, wide)) in (0..100_u8).zip(&kept) {
        assert_eq!((**byte, page.0, **wide), (number, [number; 3], number.into()));
        assert_eq!((&raw const **page).addr() % 4096, 0);
        assert_eq!((&raw const **wide).addr() % align_of::<u128>(), 0);
    }
}

#[test]
fn threads_that_take_and_give_to_each_other_share_nothing_by_accident() {
    let made = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8_usize)
            .map(|thread| {
                scope.spawn(move || {
                    (0..2_000)
                        .map(|number| (number, format!("{thread}/{number}")))
                        .collect::<BTreeMap<_, _>>()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    for (thread, all) in made.into_iter().enumerate() {
        assert!(all.into_iter().all(|(number, text)| text == format!("{thread}/{number}")));
    }
}
