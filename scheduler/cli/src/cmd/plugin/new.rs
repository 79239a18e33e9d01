//! `longshore plugin new`: a folder to begin with.
