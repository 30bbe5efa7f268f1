//! Words that most tokenizers know as one token with the space before them.

/// Every text starts with this one, since a word at the start may be cut otherwise than one after a space.
pub(crate) const STARTER: &str = "Please";

/// All different, none a prefix that changes the next: tokenizers cut at spaces.
pub(crate) const WORDS: [&str; 96] = [
    "the", "of", "and", "to", "in", "is", "that", "for", "it", "as", "was", "with", "be", "by", "on", "not",
    "he", "this", "are", "or", "his", "from", "at", "which", "but", "have", "an", "had", "they", "you",
    "were", "their", "one", "all", "we", "can", "her", "has", "there", "been", "if", "more", "when", "will",
    "would", "who", "so", "no", "time", "people", "way", "water", "day", "man", "new", "old", "house",
    "world", "place", "work", "year", "part", "little", "good", "great", "long", "small", "large", "city",
    "river", "light", "night", "white", "black", "red", "green", "blue", "stone", "road", "hand", "head",
    "sea", "sun", "wind", "rain", "snow", "tree", "field", "garden", "music", "story", "family", "school",
    "market", "winter", "summer",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_there_twice() {
        let mut words = WORDS.to_vec();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), WORDS.len());
    }
}
