//! Texts as numbers, so that comparing them costs what comparing numbers costs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// A text of the table's dictionary. Two words are equal when their texts are.
///
/// Words are made in [`Plugin::prepare`](crate::Plugin::prepare) and are good until the cycle is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(pub(crate) u32);

impl Word {
    /// No text: a label that is not there.
    pub const ABSENT: Self = Self(0);

    /// Whether there is no text.
    pub fn is_absent(self) -> bool {
        self.0 == 0
    }

    /// Whether there is a text.
    pub fn is_present(self) -> bool {
        self.0 != 0
    }
}

/// The dictionary. Clones write into the same one, so that words can be made while the table is looked at.
#[derive(Clone, Debug, Default)]
pub struct Words(Rc<RefCell<Dictionary>>);

#[derive(Debug)]
struct Dictionary {
    /// Only ever appended to, by which [`Words::text`] may lend a text.
    texts: Vec<Rc<str>>,
    places: HashMap<Rc<str>, u32>,
}

impl Default for Dictionary {
    fn default() -> Self {
        // Place 0 stands for no text, and is no place of the empty text.
        Self { texts: vec![Rc::from("")], places: HashMap::new() }
    }
}

impl Words {
    /// The word for a text; new texts are written into the dictionary.
    pub fn of(&mut self, text: &str) -> Word {
        self.add(text)
    }

    pub(crate) fn add(&self, text: &str) -> Word {
        let dictionary = &mut *self.0.borrow_mut();
        if let Some(place) = dictionary.places.get(text) {
            return Word(*place);
        }
        let place = u32::try_from(dictionary.texts.len()).expect("a table has fewer than 2^32 words");
        let text: Rc<str> = Rc::from(text);
        dictionary.texts.push(Rc::clone(&text));
        dictionary.places.insert(text, place);
        Word(place)
    }

    /// The word for a text that is in the dictionary.
    pub(crate) fn find(&self, text: &str) -> Option<Word> {
        self.0.borrow().places.get(text).map(|place| Word(*place))
    }

    /// The text of a word.
    pub fn text(&self, word: Word) -> Option<&str> {
        if word.is_absent() {
            return None;
        }
        let dictionary = self.0.borrow();
        let text: *const str = &**dictionary.texts.get(word.0 as usize)?;
        // SAFETY: the text has a place of its own on the heap, and stays there as long as the dictionary lives, which
        // only grows. The dictionary lives as long as `self`.
        Some(unsafe { &*text })
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.0.borrow().texts.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_the_same_word_and_the_empty_text_is_one_too() {
        let mut words = Words::default();
        let (a, b, empty) = (words.of("a"), words.of("b"), words.of(""));
        assert_eq!(words.of("a"), a);
        assert!(a != b && empty.is_present() && empty != Word::ABSENT);
        assert_eq!((words.text(b), words.text(empty), words.text(Word::ABSENT)), (Some("b"), Some(""), None));
    }

    #[test]
    fn a_text_that_was_lent_stays_while_others_are_written() {
        let words = Words::default();
        let first = words.add("first");
        let lent = words.text(first);
        for number in 0..1000 {
            words.clone().of(&number.to_string());
        }
        assert_eq!((lent, words.len()), (Some("first"), 1001));
    }
}
