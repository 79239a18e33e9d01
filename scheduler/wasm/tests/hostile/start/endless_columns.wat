;; Wants 2^32 - 1 columns.
(func $describe (result i32)
    (memory.copy (i32.const 256) (i32.const 64) (i32.const 64))
    (i32.store (i32.const 280) (i32.const 8192)) (i32.store (i32.const 284) (i32.const -1))
    (i32.const 256))
