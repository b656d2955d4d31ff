//! Which of so many belong together.

/// Places in a list, each with one of those that it belongs to (union–find, paths halved).
pub struct Joined(Vec<usize>);

impl Joined {
    /// So many places, each by itself.
    pub fn of(many: usize) -> Self {
        Joined((0..many).collect())
    }

    /// The first of those that belong together with a place.
    pub fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        // The earlier place leads, so that acts keep the order of their first entries.
        self.0[a.max(b)] = a.min(b);
    }
}
