;; Does not like its config.
(data (i32.const 2048) "bad moon rising")
(func $init (param i32 i32 i32 i32) (result i32)
    (i32.store8 (i32.const 256) (i32.const 1))
    (i32.store (i32.const 260) (i32.const 2048)) (i32.store (i32.const 264) (i32.const 15)) (i32.const 256))
