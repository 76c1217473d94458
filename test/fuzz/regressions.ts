/** Inputs that failed once, by what was wrong; `npm run fuzz` prints them like this. */
import type { Target } from "./inputs.ts";

/** What failed, and as what it was read. */
export const REGRESSIONS: Readonly<
  Record<string, { readonly target: Target; readonly base64: string }>
> = {
  "a fork that deletes a node whose id is no base32": {
    target: "sealed-fork",
    base64:
      "iUlDRmsNChoBABRIMEQ5TVcwWFhWSzlHS00wVlY1MAIUN05WOVczVEJTNFczOVMzUE5YN0cUSjRaN0tBUkczWUJONkg0OVJaRzACAAEBAQEAAAEBAQABDTcxWDY1WVdIWkZGR0cBAQMBAAABAAAAAQEAAAAAAAAAAAACAwQvZy9hAQ1YMTc6VjM0S0JFRDdFBAIvbgENSFg1Qlg1VlRCSjNUNAA1eyJ6YXJyX2Zvcm1hdCI6Mywibm9kZV90eXBlIjoiZ3JvdXAiLCJhdHRyaWJ1dGVzIjp7fX0BDTcxWDY1WVdIWkZGR0cBAQQBAAACAAEAAAAAHowr6KEVdb21yLyZygAAAAAAAABbaa7R",
  },
  "a fork that changes a node whose id has a control character": {
    target: "sealed-fork",
    base64:
      "iUlDRmsNChoBABRIMEQ5TVcwWFhWSzlHS00wVlY1MAIUN05WOVczVEJTNFczOVMzUE5YN0cUSjRaN0tBUkczWUJONkg0OVJaRzACAAEBAQEAAAABAAEBAAENNzFYNjVZV0haRkZHRwEBAwEAAAEAAAABAQAAAAAAAAAAAAIDBC9nLyEBDVgxNx1WMzRLQkVEN0UEAi9uAQ1IWDVCWDVWVEJKM1Q0ADV7InphcnJfZm9ybWF0IjozLCJub2RlX3R5cGUiOiJncm91cCIsImF0dHJpYnV0ZXMiOnt9fQENNzFYNjVZV0haRkZHRwEBBAEAAAIAAQAAAAAejCvooRV1vbXIvJnKAAAAAAAAAPk8s28=",
  },
  "a fork that makes a node whose id is no base32": {
    target: "sealed-fork",
    base64:
      "iUlDRmsNChoBABRIMEQ5TVcwWFhWSzlHS00wVlY1MAIUN05WOVczVEJTNFczOVMzUE5YN0cUSjRaN0tBUkczWUJONkg0OVJaRzACAAEBAQEAAAIAAQEBAAENNzEAAAEAV0haRkZHRwEBAwEAAAEAAAABAQAAAAAAAAAAAAIDBC9nL2EBDVgxNzJWMzRLQkVEN0UEAi9uAQ1IWDVCWCVWVEJKM1Q0ADV7InphciI6Mywibm9kZV90eXBlIjplX3R5cGUiOiJncm91cCIsImF0dHJpYnV0ZXMiOnt9fQENNzFYNjVZV0haRkZHRwEBBAEAAAIAAQAAAAAejCvooRV1vbXIvJnKAAAAAAAAAKisjjU=",
  },
};
