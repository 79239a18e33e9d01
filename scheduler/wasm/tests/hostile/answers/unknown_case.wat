;; A case that the result has not.
(func $bind (param i32) (result i32) (i32.store8 (i32.const 256) (i32.const 7)) (i32.const 256))
