//! DocuThinker itself: its settings and its stacks.
