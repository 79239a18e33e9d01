;; A code that the enum has not.
(func $pre-enqueue (param i32) (result i32)
    (memory.fill (i32.const 256) (i32.const 0) (i32.const 32))
    (i32.store8 (i32.const 260) (i32.const 1)) (i32.store8 (i32.const 264) (i32.const 9))
    (i32.const 256))
