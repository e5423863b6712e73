//! The mapping that memory is handed out of, and each thread's part of it.

use std::alloc::Layout;
use std::cell::Cell;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous};

use crate::{CAPACITY, LARGE};

/// Where huge pages begin: 2 MiB on the processors that we build for.
const HUGE_PAGE: usize = 2 * 1024 * 1024;

/// What a thread takes at a time, or several of it for a larger piece. Every part begins at a multiple of it.
const PART: usize = 64 * 1024;

/// The first byte, at the beginning of a huge page; null before it is mapped.
static FIRST: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());

/// How much of the mapping is some thread's. More than [`CAPACITY`] before it is mapped, and if that fails.
static USED: AtomicUsize = AtomicUsize::new(NOT_MAPPED);
const NOT_MAPPED: usize = usize::MAX / 2;
/// While a thread maps it, others go to the system.
const BEING_MAPPED: usize = usize::MAX / 2 + 1;

thread_local! {
    /// The rest of the thread's part: from where, up to where, counted from the first byte.
    static REST: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// A piece of the thread's part, or of the next one. `None` if it is large or there is no more.
pub(crate) fn take(layout: Layout) -> Option<*mut u8> {
    if layout.size() >= LARGE || layout.align() > PART {
        return None;
    }
    // A thread that is ending has no part any more.
    REST.try_with(|rest| {
        let (next, end) = rest.get();
        // An alignment is a power of two. The compiler does not know it, and would divide.
        let mut at = (next + layout.align() - 1) & !(layout.align() - 1);
        let mut end = end;
        if at + layout.size() > end {
            let wanted = layout.size().next_multiple_of(PART);
            let more = next_part(wanted)?;
            // A part that follows on the last one continues it.
            if more != end || end == 0 {
                at = more;
            }
            end = more + wanted;
        }
        rest.set((at + layout.size(), end));
        Some(place(at))
    })
    .ok()
    .flatten()
}

/// Makes the piece longer or shorter if it is the last that this thread was given, and there is room in its part.
pub(crate) fn resize_last(piece: *mut u8, size: usize, wanted: usize) -> bool {
    let resized = REST.try_with(|rest| {
        let at = offset(piece);
        let (next, end) = rest.get();
        let fits = at + size == next && at + wanted <= end;
        if fits {
            rest.set((at + wanted, end));
        }
        fits
    });
    resized.unwrap_or(false)
}

/// Whether the piece was handed out here.
pub(crate) fn has(piece: *mut u8) -> bool {
    offset(piece) < CAPACITY
}

/// How far the piece is from the first byte; very far if it is not of the mapping, or nothing is mapped yet.
fn offset(piece: *mut u8) -> usize {
    piece.addr().wrapping_sub(FIRST.load(Ordering::Relaxed).addr())
}

fn place(at: usize) -> *mut u8 {
    FIRST.load(Ordering::Relaxed).wrapping_add(at)
}

/// Where the next part of this size begins.
fn next_part(size: usize) -> Option<usize> {
    if USED.load(Ordering::Acquire) == NOT_MAPPED {
        map();
    }
    let grown = |used: usize| (used + size <= CAPACITY).then_some(used + size);
    USED.fetch_update(Ordering::AcqRel, Ordering::Acquire, grown).ok()
}

/// Maps the memory, once. The system gives pages as they are touched, and huge ones where it can.
fn map() {
    let begun = USED.compare_exchange(NOT_MAPPED, BEING_MAPPED, Ordering::AcqRel, Ordering::Acquire);
    if begun.is_err() {
        return;
    }
    // SAFETY: a new private mapping, anywhere, of which nothing is known to anybody else.
    let mapped = unsafe {
        mmap_anonymous(
            ptr::null_mut(),
            CAPACITY + HUGE_PAGE,
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::PRIVATE | MapFlags::NORESERVE,
        )
    };
    let Some(mapped) = mapped.ok().and_then(|mapped| NonNull::new(mapped.cast::<u8>())) else { return };
    let to_huge_page = mapped.as_ptr().align_offset(HUGE_PAGE);
    if to_huge_page > HUGE_PAGE {
        return;
    }
    let first = mapped.as_ptr().wrapping_add(to_huge_page);
    // SAFETY: the range is within the mapping. It is advice: where the kernel has no huge pages, all works without.
    let _ = unsafe { madvise(first.cast(), CAPACITY, Advice::LinuxHugepage) };
    FIRST.store(first, Ordering::Release);
    USED.store(0, Ordering::Release);
}
