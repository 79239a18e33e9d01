//! What generated bindings need at run time.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};

/// Memory of a lowered list, freed unless forgotten.
pub struct Cleanup {
    pointer: *mut u8,
    layout: Layout,
}

impl Cleanup {
    /// New memory, or a null pointer and nothing to clean for a size of 0.
    pub fn new(layout: Layout) -> (*mut u8, Option<Self>) {
        if layout.size() == 0 {
            return (std::ptr::null_mut(), None);
        }
        // SAFETY: the size is not 0.
        let pointer = unsafe { alloc(layout) };
        if pointer.is_null() {
            handle_alloc_error(layout);
        }
        (pointer, Some(Self { pointer, layout }))
    }

    /// Leaves the memory to whoever has the pointer.
    pub fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        // SAFETY: it came from `alloc` with this layout.
        unsafe { dealloc(self.pointer, self.layout) }
    }
}

/// The canonical ABI's allocator, by which the host makes room for arguments.
///
/// # Safety
/// `pointer` is null with `old` 0, or was given out with `old` and `align`; `align` is a power of two.
pub unsafe fn cabi_realloc(pointer: *mut u8, old: usize, align: usize, new: usize) -> *mut u8 {
    if old == 0 && new == 0 {
        return std::ptr::without_provenance_mut(align);
    }
    // SAFETY: the caller says so; the layout's size is not 0 in any branch that uses it.
    let (made, layout) = unsafe {
        if old == 0 {
            let layout = Layout::from_size_align_unchecked(new, align);
            (alloc(layout), layout)
        } else {
            let layout = Layout::from_size_align_unchecked(old, align);
            (realloc(pointer, layout, new), layout)
        }
    };
    if made.is_null() {
        handle_alloc_error(layout);
    }
    made
}

/// Runs static constructors once. Plugins in Rust have none; the call keeps the linker from calling them on every entry.
#[cfg(target_arch = "wasm32")]
pub fn run_ctors_once() {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    use std::sync::atomic::{AtomicBool, Ordering};
    static RUN: AtomicBool = AtomicBool::new(false);
    if !RUN.swap(true, Ordering::Relaxed) {
        // SAFETY: the linker makes it, and it is called once.
        unsafe { __wasm_call_ctors() }
    }
}
