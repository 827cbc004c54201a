"""JsonLogic with flagd's operators, compiled into closures: the language of rules."""
