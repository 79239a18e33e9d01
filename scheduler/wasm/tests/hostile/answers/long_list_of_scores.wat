;; So many scores that their size in bytes wraps around to 16.
(func $score (param $set i32) (param $words i32) (result i32)
    (i32.store8 (i32.const 256) (i32.const 0))
    (i32.store (i32.const 260) (i32.const 8)) (i32.store (i32.const 264) (i32.const 0x20000002))
    (i32.const 256))
