;; Never answers.
(func $evil (loop $for_ever (br $for_ever)))
