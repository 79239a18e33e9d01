;; Has much to say about it.
(func $init (param i32 i32 i32 i32) (result i32)
    (i32.store8 (i32.const 256) (i32.const 1))
    (i32.store (i32.const 260) (i32.const 65536)) (i32.store (i32.const 264) (i32.const 100000)) (i32.const 256))
