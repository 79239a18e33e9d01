;; Wants a column of a case that there is not.
(func $describe (result i32)
    (memory.copy (i32.const 256) (i32.const 64) (i32.const 64))
    (i32.store8 (i32.const 512) (i32.const 99))
    (i32.store (i32.const 280) (i32.const 512)) (i32.store (i32.const 284) (i32.const 1))
    (i32.const 256))
