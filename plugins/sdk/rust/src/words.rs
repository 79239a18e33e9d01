//! Texts as numbers, so that comparing them costs what comparing numbers costs.

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

/// The dictionary.
#[derive(Debug)]
pub struct Words {
    texts: Vec<Rc<str>>,
    places: HashMap<Rc<str>, u32>,
}

impl Default for Words {
    fn default() -> Self {
        // Place 0 stands for no text, and is no place of the empty text.
        Self { texts: vec![Rc::from("")], places: HashMap::new() }
    }
}

impl Words {
    /// The word for a text; new texts are written into the dictionary.
    pub fn of(&mut self, text: &str) -> Word {
        if let Some(place) = self.places.get(text) {
            return Word(*place);
        }
        let place = u32::try_from(self.texts.len()).expect("a table has fewer than 2^32 words");
        let text: Rc<str> = Rc::from(text);
        self.texts.push(Rc::clone(&text));
        self.places.insert(text, place);
        Word(place)
    }

    /// The word for a text that is in the dictionary.
    pub(crate) fn find(&self, text: &str) -> Option<Word> {
        self.places.get(text).map(|place| Word(*place))
    }

    /// The text of a word.
    pub fn text(&self, word: Word) -> Option<&str> {
        if word.is_absent() { None } else { self.texts.get(word.0 as usize).map(|text| &**text) }
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len() - 1
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
}
