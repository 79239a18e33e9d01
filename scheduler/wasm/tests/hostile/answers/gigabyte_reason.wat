;; A reason of 1 GB.
(func $reserve (param i32) (result i32)
    (i32.store8 (i32.const 256) (i32.const 0)) (i32.store8 (i32.const 260) (i32.const 1))
    (i32.store8 (i32.const 264) (i32.const 0))
    (i32.store (i32.const 268) (i32.const 0)) (i32.store (i32.const 272) (i32.const 0x40000000))
    (i32.const 256))
