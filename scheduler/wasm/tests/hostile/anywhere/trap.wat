;; Gives up.
(func $evil unreachable)
