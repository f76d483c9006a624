// A report that is served follows its mesh: what is new takes the place of what is shown, under the same filter.

const FOLLOW_EVERY = 2000; // ms

async function follow(tag) {
  for (;;) {
    await new Promise((done) => setTimeout(done, FOLLOW_EVERY));
    if (document.hidden) continue; // and so nothing is read for nobody
    try {
      const answer = await fetch("news?tag=" + encodeURIComponent(tag));
      if (!answer.ok) throw new Error(answer.statusText);
      const news = await answer.json();
      if (news.data) replace(await load(news.data));
      tag = news.tag;
      $("made").textContent = time(news.made) + " · " + current.summary.namespaces + " namespaces · follows the mesh";
      wrong(news.wrong);
    } catch (err) {
      wrong("The page cannot follow the mesh any more (" + err.message + "): this is the mesh of " + time(current.made));
    }
  }
}

// replace shows other data in the same view, as far down as it was.
function replace(data) {
  const before = document.querySelector("#view .scroll");
  const [top, left] = before ? [before.scrollTop, before.scrollLeft] : [0, 0];
  current = data;
  summarize(data);
  show(data);
  const after = document.querySelector("#view .scroll");
  if (after) { after.scrollTop = top; after.scrollLeft = left; }
}

function wrong(text) {
  if ($("wrong").textContent === (text || "")) return; // or it would be read out again and again
  $("wrong").textContent = text || "";
  $("wrong").hidden = !text;
}
