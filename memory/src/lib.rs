//! Memory for a command that ends soon.
//!
//! To check a template of 100 resources takes milliseconds and 30,000 pieces of memory, nearly all of which live to the
//! end or nearly so. [`Bump`] hands them out in order, from huge pages of the system, and takes almost none back:
//! measured, the general allocator spent more time on them than the check itself, and page faults as much again.
//!
//! What a command holds for long is not lost on this: [`CAPACITY`] is all that is ever handed out so, and after it the
//! system's allocator does its usual work. Large pieces go there from the start.
//!
//! ```
//! #[global_allocator]
//! static MEMORY: memory::Bump = memory::Bump;
//! ```

use std::alloc::{GlobalAlloc, Layout, System};

/// The most bytes that are handed out in order. A check of 500 resources takes 18 MB; what a command that runs for
/// hours may waste must stay small.
pub const CAPACITY: usize = 24 * 1024 * 1024;

/// Pieces of this size and more are the system's: it gives them back, and moves them without copying when they grow.
pub const LARGE: usize = 1024 * 1024;

/// Hands memory out in order on Linux; elsewhere it is the system's allocator.
///
/// Each thread takes a part of the memory at a time, so that threads do not wait for one another. Only the piece that was
/// handed out last can grow where it is or be taken back.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bump;

// SAFETY: every piece is either the system's, and goes back to it, or part of the one mapping of `parts`, in which no two
// pieces overlap: a thread's parts are its own, and within them pieces follow one another.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        #[cfg(target_os = "linux")]
        if let Some(piece) = parts::take(layout) {
            return piece;
        }
        // SAFETY: the caller keeps the same contract with us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        #[cfg(target_os = "linux")]
        if let Some(piece) = parts::take(layout) {
            // SAFETY: the piece has the layout's size and is nobody else's.
            unsafe { piece.write_bytes(0, layout.size()) };
            return piece;
        }
        // SAFETY: as above. The system knows which memory is zero already.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        #[cfg(target_os = "linux")]
        if parts::has(piece) {
            parts::resize_last(piece, layout.size(), 0);
            return;
        }
        // SAFETY: what is not in the mapping came from the system, with this layout.
        unsafe { System.dealloc(piece, layout) }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        #[cfg(target_os = "linux")]
        if parts::has(piece) {
            if size < LARGE && parts::resize_last(piece, layout.size(), size) || size <= layout.size() {
                return piece;
            }
            // SAFETY: the caller vouches for the size, and the alignment was valid before.
            let larger = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
            if !larger.is_null() {
                // SAFETY: the new piece is another one, and larger.
                unsafe { piece.copy_to_nonoverlapping(larger, layout.size()) };
            }
            return larger;
        }
        // SAFETY: as for `dealloc`.
        unsafe { System.realloc(piece, layout, size) }
    }
}

#[cfg(target_os = "linux")]
mod parts;
