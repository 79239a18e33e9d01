;; The same from PreScore.
(func $pre-score (param i32) (result i32)
    (memory.fill (i32.const 256) (i32.const 0) (i32.const 32))
    (i32.store (i32.const 268) (i32.const 65537))
    (i32.const 256))
