/** Words so common that a token for them would tell who counts tokens more than it helps who searches. Part of the format. */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    'a about after all also am an and any are as at be because been before but by can could did do does for from had ' +
    'has have he her him his how i if in into is it its just me more my no not of on or our out over she so some such ' +
    'than that the their them then there these they this to up us was we were what when where which who will with ' +
    'would you your'
  ).split(' '),
);
