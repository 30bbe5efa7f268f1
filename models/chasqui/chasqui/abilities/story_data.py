"""The scenes of the stories, and the ways to ask for one.

Slots: {N} the hero's name, {K} the hero's kind, {P} the place ("a village by a lake"), {Q} the
same place when it is known ("the village by a lake"), {T} a thing that the hero carries, {H} the helper's name, {G} the helper's kind.

A variant of a scene stands on a line of its own. A story takes one of every scene, so no sentence
comes twice; the days ("On the first day") mark where in the story one is.
"""


def _variants(text):
    return [line.strip() for line in text.strip().splitlines()]


# Scenes that every story has ----------------------------------------------------------------------

OPENING = _variants("""
    Once upon a time there was {aK} named {N}. {N} lived in {P}, where the mornings were cool and the evenings were full of stars.
    Long ago, in {P}, there lived {aK} called {N}. Everybody there knew {N} and waved when {N} walked by.
    There once was {aK} whose name was {N}. The home of {N} was in {P}, and it was a good home with a red door.
    In {P} lived {aK} named {N}. {N} was small, but the heart of {N} was big and warm.
    Many years ago {aK} named {N} lived in {P}. Each morning {N} got up before the sun and looked out over the land.
    This is the story of {N}, {aK} who lived in {P}. Life there was quiet, and every day was a little like the day before.
    Far from here, in {P}, there was {aK} called {N}. People said that nobody in the whole land was as curious as {N}.
    Once there lived {aK} in {P}. The name of this {K} was {N}, and {N} loved to listen to old tales.
""")

THING = _variants("""
    Wherever {N} went, {N} took along {aT}, a gift from a grandmother who was very wise.
    {N} owned only one thing of value: {aT} that had been in the family for a hundred years.
    In a little bag {N} carried {aT}, and nobody knew why.
    The dearest thing that {N} had was {aT}, found one summer under a tree.
    "Keep this well," an old trader had once said, and had given {N} {aT}.
    On a shelf in the house lay {aT}. {N} looked at it every night and then slept well.
""")

LEAVING = _variants("""
    So {N} packed some bread, closed the door and set out. The {T} went along, of course.
    The next day {N} put the {T} into a bag, said goodbye to the neighbors and left.
    {N} drank a cup of tea, took the {T} and began to walk.
    Nobody wanted to come along, so {N} went alone, with the {T} and a piece of cheese.
    "I will try it," said {N}. Then {N} took the {T} and walked out into the cold morning air.
    {N} thought about it all night. When the sun came up, {N} took the {T} and went.
""")

FIRST_EVENING = _variants("""
    In the evening {N} sat down by a small fire. The wind was cold, and {N} felt very tired and a little sad.
    When night came, {N} slept under a tree and dreamed of home. Nothing had gone well so far.
    That evening {N} ate the last of the bread and looked up at the moon. "Maybe I am too small for this," thought {N}.
    As it got dark, {N} found a dry cave and rested there. It was hard not to give up.
    The first night was long. {N} listened to the owls and thought about what to do next.
    After sunset {N} lay in the soft grass and almost cried. But crying does not help, so {N} slept instead.
""")

HELPER = _variants("""
    On the second day {N} met {aG} named {H}. "Why do you look so sad?" asked {H}. {N} told the whole story, and {H} listened to every word.
    On the second day {aG} came down the path. "I am {H}," it said, "and two heads are better than one. May I come with you?" {N} was happy to say yes.
    On the second day a voice spoke from behind a rock. It was {aG} called {H}. "I have watched you," said {H}. "You are brave. Let me help you."
    On the second day {N} heard someone call for help. {aGcap} named {H} was caught in a bush. {N} pulled {H} out, and from that hour on they were friends.
    On the second day {aG} sat in the middle of the road. "My name is {H}," it said. "I know these lands well. Where do you want to go?" {N} explained it all.
    On the second day {N} shared some water with {aG}. "Thank you," it said. "I am {H}, and I never forget a kind deed. What can I do for you?"
""")

REMEMBER = _variants("""
    On the third day it seemed that all was lost. Then {N} remembered the {T}.
    On the third day the sky was grey, and even {H} had no more ideas. But {N} still had the {T}.
    On the third day {N} woke up with a new thought. "The {T}!" said {N}. "Why did I not think of it before?"
    On the third day {H} looked into the bag of {N} and saw the {T}. "What is this?" asked {H}, and {N} began to smile.
    On the third day they sat together in silence. {N} took out the {T} and held it up to the light.
    On the third day {N} opened the bag to look for food. There was none, but there was the {T}.
""")

FEAST = _variants("""
    That night there was a feast in {Q}. There was soup and sweet bread for all, and {H} danced until midnight.
    Back home in {Q}, everyone came out to meet them. They played drums and flutes, and {H} had to tell the tale three times.
    When they came back to {Q}, the bells rang. Children ran along the road and shouted the names of {N} and {H}.
    The people in {Q} were full of joy. They cooked a great pot of potatoes, and {H} ate more than anyone.
    Soon all of {Q} heard the news. Neighbors brought cakes and flowers, and {H} got a warm place by the fire.
    They went home to {Q} together, and the way back seemed short. {H} stayed for a week, and then for a whole year.
""")

LESSON = _variants("""
    From that day on, {N} was never afraid to ask a friend for help.
    And {N} learned that small steps can lead a long way.
    {N} knew now that a kind heart opens more doors than a strong arm.
    "It was not I alone," {N} always said. "It was the two of us."
    And whenever someone wanted to give up, {N} said: "Wait for the third day."
    Since then {N} has known that courage does not mean to have no fear.
    "The best thing that I found was a friend," {N} liked to say.
""")

LAST = _variants("""
    The {T} still hangs above the door, and the two friends look at it and laugh. The end.
    As for the {T}, it has a place of honor by the window, where the sun shines on it every morning. The end.
    And if you visit one day, {N} will show you the {T} and tell you this story again. The end.
    The {T} was given to {H} as a gift, and {H} keeps it to this day. The end.
    They are friends even now, and the {T} belongs to both of them. The end.
    Years later {N} gave the {T} to a child who was about to set out into the world. The end.
""")

# Plots --------------------------------------------------------------------------------------------
#
# For each theme the words of a request, and two tellings: wish and problem, first attempt, second
# attempt, turn, resolution. The scenes of one telling belong together.

PLOTS = {
    "the sea": dict(
        asks=["who wants to see the sea", "who dreams of the ocean", "on the way to the sea"],
        problem=_variants("""
            {N} had one great wish: to see the sea. But the sea was far away, behind hills that nobody from home had ever crossed.
            One day a trader spoke of the sea, of blue water without an end. After that {N} could think of nothing else, but no one knew the way.
        """),
        first=_variants("""
            On the first day {N} followed the road to the west. It went up and down, and at last it ended at a wall of rock.
            On the first day {N} climbed the highest hill to look for blue water. All that could be seen was more hills and some clouds.
        """),
        second=_variants("""
            Together they went along a dry valley, for {H} had heard of a path there. But a storm came, and sand covered every track.
            {H} asked the birds for the way, and they said: "Go left." Yet on the left was only a swamp, and they had to turn back.
        """),
        turn=_variants("""
            There was a tiny map on the back of it that showed a river. "Every river goes to the sea!" said {N}. They built a raft of wood and let the water carry them.
            When the wind touched it, it made a low sound, like waves. It was loudest to the south, so they walked that way, hour after hour, until the air smelled of salt.
        """),
        end=_variants("""
            At last they stood on a beach. The sea was bigger than any dream, and {N} ran into the water and laughed out loud.
            At last the hills opened, and there it was: the sea, blue and endless. {N} said nothing for a long time and only looked.
        """),
    ),
    "the dry spring": dict(
        asks=["who looks for water", "in a dry summer", "who saves the well"],
        problem=_variants("""
            One summer no rain fell. The well was empty, the fields turned brown, and everyone was thirsty. "Somebody must find water," said {N}.
            In the hottest month of the year the spring dried up. The animals stood in the dust and waited. {N} wanted to bring the water back.
        """),
        first=_variants("""
            On the first day {N} dug a deep hole behind the house. There was sand, and then stones, and then more sand, but not one drop.
            On the first day {N} walked along the old river bed. It was as dry as bone, and only a lizard lived there.
        """),
        second=_variants("""
            {H} knew a pond on the other side of the hill. They ran all the way, but the pond had become a bowl of mud.
            They asked a cloud to stop and give them rain. The cloud was in a hurry, and it went on over the mountains.
        """),
        turn=_variants("""
            {N} laid it on the ground, and it began to shake. "There is water under this stone," whispered {H}. They pushed the stone with all their strength.
            Its shadow pointed to a crack in the rock. {N} put an ear to the crack and heard a soft song: water, deep inside. They took sticks and opened the crack wide.
        """),
        end=_variants("""
            At last the water came out, clear and cold. It ran down into the valley, filled the well and woke the flowers.
            At last a silver stream jumped from the rock. All the thirsty animals came and drank, and the fields were green within a week.
        """),
    ),
    "the lost lamb": dict(
        asks=["who looks for a lost lamb", "and a little lamb", "who finds a lost friend"],
        problem=_variants("""
            {N} took care of a little white lamb. One evening the gate stood open, and the lamb was gone.
            One morning the youngest lamb did not come to breakfast. {N} called and called, but there was no answer.
        """),
        first=_variants("""
            On the first day {N} looked in every barn and behind every wall. There were cats and chickens, but there was no lamb.
            On the first day {N} followed small tracks in the mud. They led to a stream, and there they stopped.
        """),
        second=_variants("""
            They searched the forest, {H} on one side and {N} on the other. All that they found was a bit of wool on a thorn.
            {H} said that sheep like high places, so they climbed and climbed. On the top there was only wind.
        """),
        turn=_variants("""
            {N} tapped on it with a stone, just as on feeding days. The sound went far over the hills, and then a thin voice answered from below.
            It shone in the sun, and a spot of light danced over the rocks. Down in a hole, two small ears moved. "There!" cried {H}.
        """),
        end=_variants("""
            At last {N} climbed down with a rope and lifted the lamb out. It was cold and hungry, but it was well.
            At last the lamb was safe in the arms of {N}. It licked the nose of {H} and fell asleep at once.
        """),
    ),
    "the broken bridge": dict(
        asks=["who builds a bridge", "and a broken bridge", "who mends the old bridge"],
        problem=_variants("""
            Then a storm tore down the old rope bridge over the canyon. The market was on the other side, and so was the doctor. "We need a bridge," said {N}.
            One night the bridge over the river broke. Families were on both sides, and they could only wave at each other. {N} wanted to mend it.
        """),
        first=_variants("""
            On the first day {N} laid a long tree over the gap. It looked fine, but it was too short, and it fell with a loud crash.
            On the first day {N} tried to throw a rope to the other side. It was too far, and the rope always dropped into the water.
        """),
        second=_variants("""
            Then they made a rope of grass, and {H} pulled as hard as it could. But one rope alone was too weak, and it broke in the middle.
            {H} swam across with a string between the teeth. The water was too wild, and {H} came back wet and cold.
        """),
        turn=_variants("""
            {N} tied a thin thread to it and threw it, and it flew straight over and held fast. With the thread they pulled a string, with the string a rope, and then ten ropes more.
            The pattern on it showed how to do it: many thin cords, turned into one thick one. They called all the neighbors, and everybody turned cords until dark.
        """),
        end=_variants("""
            At last the new bridge was ready, and it was stronger than the old one. {N} was the first to walk across, and families met in the middle.
            At last a fine bridge hung over the deep. A mother with three children crossed it first, and nobody was afraid.
        """),
    ),
    "the song": dict(
        asks=["who wants to sing", "who is too shy to sing", "and a song"],
        problem=_variants("""
            {N} had a lovely voice but was too shy to sing. In seven days there was to be a festival, and the old singer was ill. Who would sing now?
            Every spring someone had to sing for the sun. This year it was the turn of {N}, and {N} could not get out one note for fear.
        """),
        first=_variants("""
            On the first day {N} went into a field and opened the mouth to sing. Only a croak came out, and a frog answered it.
            On the first day {N} asked the river for a song. The river was too fast, and {N} could not keep up with the words.
        """),
        second=_variants("""
            {H} beat on a log to help, and {N} tried again. It went well for a moment, but then three crows laughed, and {N} stopped.
            They went to a quiet cave to practise. But the echo was so strong that {N} got afraid of it and ran outside.
        """),
        turn=_variants("""
            {N} closed both eyes, held it tight, and thought of home. A small tune came, then a bigger one. {H} hummed along, and soon the whole hill was listening.
            "Sing for this, and not for the people," said {H}. So {N} sang for it alone, first in a whisper and then with a clear, full voice.
        """),
        end=_variants("""
            At last came the evening of the festival. {N} sang so well that even the crows were silent, and then everyone clapped and stamped.
            At last {N} stood before them all and sang. The song rose like a bird, and old people wiped their eyes.
        """),
    ),
    "the dark": dict(
        asks=["who is afraid of the dark", "and the moon", "who looks for a light"],
        problem=_variants("""
            {N} was afraid of one thing only: the dark. Then one winter the lamp of the town went out, and the nights were as black as coal. Someone had to bring new fire from the mountain.
            One night the moon did not rise. It did not come on the next night, nor on the next. {N}, who feared the dark, wanted to know where it was.
        """),
        first=_variants("""
            On the first day {N} walked quickly, so as to get far before sunset. But the days were short, and soon every bush looked like a wolf.
            On the first day {N} asked a fire beetle for some light. The beetle was friendly, but its light was too small to see by.
        """),
        second=_variants("""
            {H} held a burning stick, and they climbed on together. Then it began to rain, and the flame died with a hiss.
            They tried to follow the stars, and {H} counted them aloud. But clouds came up, and one star after the other was gone.
        """),
        turn=_variants("""
            {N} rubbed it with a bit of wool until it was warm. A tiny spark jumped out of it, then another, and a dry leaf began to burn. Now they could see the path.
            It gave a soft glow that only shows in full darkness. "The dark has helped us," said {H}, and they followed the glow to a hidden door in the rock.
        """),
        end=_variants("""
            At last they brought the light home and hung it up for all to see. {N} looked at the night and found that it was beautiful.
            At last the light rose over the roofs, round and bright. {N} was not afraid any more, for now the dark was an old friend.
        """),
    ),
    "the letter": dict(
        asks=["who carries a letter", "who is a messenger", "and a letter for the queen"],
        problem=_variants("""
            One evening a runner came in with a hurt foot. In his hand was a letter for the queen, and it had to be there in three days. "Give it to me," said {N}.
            A letter had come to the wrong house. It was for an old king, and on it stood: very important. {N} promised to bring it to him.
        """),
        first=_variants("""
            On the first day {N} ran along the stone road without a rest. But a flood had taken the road away, and there was no way around it.
            On the first day {N} asked for the way at every house. Each one pointed in another direction, and by sunset {N} was back at the start.
        """),
        second=_variants("""
            {H} knew a path through the mountains, narrow and old. They went fast, but fog came up, and they walked in a circle.
            They found a boat, and {H} rowed. In the middle of the lake the boat had a hole, and they had to swim to the shore.
        """),
        turn=_variants("""
            {N} blew on it, and it gave a high, clear call. From far off another runner heard it and came with fresh food and good advice: "Take the tunnel under the hill!"
            {N} turned it in the sun, and a guard on a far tower saw the flash. He opened the gate of the short road, which was closed to all others.
        """),
        end=_variants("""
            At last {N} stood in the great hall and gave the letter away. It was an invitation to peace, and two countries were friends from then on.
            At last the letter was opened. "My son is alive," read the king, and there were tears and laughter in the whole palace.
        """),
    ),
    "the race": dict(
        asks=["who runs a race", "who wants to win the race", "and a great race"],
        problem=_variants("""
            Every year there was a great race around the mountain. {N} had never won and had never even reached the finish. This year {N} wanted to try once more.
            A race was to be held, and the prize was a sack of corn for the winter. {N} was slow, but the winter was near, and the house was empty.
        """),
        first=_variants("""
            On the first day of practice {N} ran as fast as could be. After one mile there was no more breath, and {N} fell into a bush.
            On the first day {N} tried to run up the steep side of the hill. The stones rolled, and {N} rolled down with them.
        """),
        second=_variants("""
            {H} taught {N} to breathe slowly and to take long steps. It was better, but a hare ran past them and laughed.
            {H} ran in front, and {N} behind. They came far, yet in the heat of noon {N} had to lie down in the shade.
        """),
        turn=_variants("""
            {N} saw that it was light, and that the bag was full of heavy stones for luck. "Throw out the stones and keep this," said {H}. Now running was easy, and the race began.
            "It has come a long way, step by step," said {N}, "and never in a hurry." So when the race began, {N} ran calmly, and did not look at the others at all.
        """),
        end=_variants("""
            At last only the hare was ahead, and the hare had stopped to sleep. {N} went by without a sound and crossed the line.
            At last the finish came in sight. A rabbit in front had fallen, and {N} helped it up, and they crossed the line side by side. Both got a prize.
        """),
    ),
    "the key": dict(
        asks=["who finds a key", "and a secret door", "who opens the old gate"],
        problem=_variants("""
            Behind the houses was an old garden with a high wall. Its gate had been closed for a hundred years, and nobody had the key. {N} wanted to see what was inside.
            One day {N} found a small door in a hollow tree. It had a lock of silver but no key. What could be behind it?
        """),
        first=_variants("""
            On the first day {N} tried all the keys in the house, big ones and small ones. Not one of them would turn.
            On the first day {N} asked the old smith. He shook his head and said: "That lock was made before my time."
        """),
        second=_variants("""
            {H} had seen something shine in a nest, so they climbed up. It was a spoon, and the bird was very angry.
            They looked at the bottom of the lake, where lost things lie. {H} came up with a shoe, a ring and a pot, but no key.
        """),
        turn=_variants("""
            One side of it had the same shape as the lock. With a careful hand {N} pushed it in. There was a click, and dust fell from the stones.
            {N} shook it, and something inside made a noise. They opened it with a thin stick, and a key of silver fell out into the grass.
        """),
        end=_variants("""
            At last the way was open. Inside were trees with golden pears, and birds that nobody had ever seen. {N} let everyone in.
            At last they stepped through. There was a room full of old books, and each book held a hundred stories. Now there was one for every night.
        """),
    ),
    "the winter": dict(
        asks=["in a hard winter", "who looks for food in the snow", "who saves the winter"],
        problem=_variants("""
            It was a hard winter. Snow lay as high as the windows, and the store of corn was almost gone. {N} decided to look for food.
            The snow had come too early, and the potatoes were still in the ground. Soon everyone was hungry. {N} wanted to help.
        """),
        first=_variants("""
            On the first day {N} dug in the snow with both hands. Under the snow was ice, and under the ice the earth was like iron.
            On the first day {N} went to the lake to catch a fish. But the ice was thick, and the fish slept deep below.
        """),
        second=_variants("""
            {H} could smell seeds from far away, and led the way. But a squirrel had been there before them and had taken it all.
            They knocked at the door of a rich miller. He gave {H} one crumb of bread and shut the door again.
        """),
        turn=_variants("""
            {N} beat on it, and the sound rolled over the white hills. A bear woke up and came out. "Who is so brave?" it asked, and it listened to them, for it liked brave people.
            It was just the thing that the bear in the cave had lost as a cub. "Where did you find it?" asked the bear with a soft voice, and its eyes were wet.
        """),
        end=_variants("""
            At last the bear showed them its store of nuts and honey. It was enough for all, and nobody was hungry that winter.
            At last they came back with three sacks of nuts on the back of the bear. It stayed until spring and told long stories.
        """),
    ),
    "the giant": dict(
        asks=["who meets a giant", "and a lonely giant", "who hears a strange noise"],
        problem=_variants("""
            Each night a terrible noise came from the hill. Cups fell from the shelves, and babies cried. "A giant!" people said. {N} wanted to talk to it.
            A giant had come to live on the mountain. Nobody had seen it, but all were afraid, and no one went out any more. {N} was tired of this fear.
        """),
        first=_variants("""
            On the first day {N} climbed to the cave and called: "Hello!" A great wind blew out of it and carried {N} back down the hill.
            On the first day {N} put a cake in front of the cave. A big hand took it, but nobody came out to say thank you.
        """),
        second=_variants("""
            {H} had a loud voice and shouted a greeting. The giant thought that it was thunder and hid deep in the cave.
            They wrote a letter in the sand with big letters. But in the night it rained, and {H} found only wet sand in the morning.
        """),
        turn=_variants("""
            {N} laid it softly before the cave and sat down beside it. After a long time a big face came out. "Is that for me?" asked the giant. "I have never had a gift."
            The giant saw it and came closer. "I had one like that when I was small," it said in a deep voice, and sat down on a rock between them.
        """),
        end=_variants("""
            At last they understood: the noise was only the giant crying, because it was alone. {N} asked it to come down and eat with them, and the noise was never heard again.
            At last the giant told them that it had a thorn in its foot. {N} pulled the thorn out, and since then the giant has carried the heavy stones for everyone.
        """),
    ),
    "the knots": dict(
        asks=["and an old quipu", "who learns to read knots", "and a cord full of knots"],
        problem=_variants("""
            In the house of {N} hung a quipu, a cord with many knots. It held an old message, but nobody could read it any more. {N} wanted to know what it said.
            One day {N} found a bundle of cords with red and blue knots. It was a quipu, a letter made of knots. Who could read it?
        """),
        first=_variants("""
            On the first day {N} counted all the knots, from the left to the right. There were ninety-nine of them, and that was no help at all.
            On the first day {N} went to the school and asked the teacher. The teacher knew letters and numbers, but no knots.
        """),
        second=_variants("""
            {H} had heard of an old woman who knew the cords. They found her house, but she had moved away long ago.
            They sorted the cords by color, the red ones for {H} and the blue ones for {N}. It looked pretty, but it made no sense.
        """),
        turn=_variants("""
            On it were the same signs as on the main cord. One knot meant a day, two meant a hill, and three meant a tree. Now {N} could read it, knot by knot.
            A thin thread was tied around it, with one single knot. That knot was the first word of the message! From there {N} could guess the next, and the next.
        """),
        end=_variants("""
            At last the message was clear: "Go to the third hill, and dig under the tree." There they found a box full of seeds that everyone had thought lost.
            At last {N} read out the message: "Whoever reads this is never alone." Under it were the names of all the grandmothers, back to the first.
        """),
    ),
}

# Who, where and what ----------------------------------------------------------------------------

PEOPLE = """girl boy weaver runner shepherd baker farmer robot queen king prince princess fisher sailor
potter painter singer miller hunter wizard witch knight pirate clown doctor teacher carpenter gardener
musician dancer tailor smith monk student trader astronaut inventor beekeeper librarian ghost fairy elf
dwarf giraffe mermaid phoenix griffin""".split()

GROUNDS = """a village by a lake|a small town in the mountains|a valley full of flowers|
a house near the forest|
a city with white walls|a hut at the edge of the desert|a green land between two rivers|
an old mill by a stream|
a village high in the Andes|a quiet bay by the sea|a town with narrow streets|
a farm behind the hills|
a castle on a rock|a garden without an end|a cave with a view of the valley|a harbor full of boats|
a wide plain of yellow grass|a forest of tall trees|an island with one road|a market town|
a land of snow|the old quarter of a big city|a tower by the river|a field of corn and beans"""
GROUNDS = GROUNDS.replace("|\n", "|").split("|")

HERO_NAMES = """Ilka Tupa Nina Sami Waru Illa Mayu Rumi Killa Suri Wari Qori Chaska Puka Yuri Toki Milo Luma
Pipo Tika""".split()
HELPER_NAMES = """Bero Lupo Amaru Tinka Olo Misha Koru Pacha Runa Zuri Hilo Nuna Bruma Tando Ello Kusi""".split()
HELPER_KINDS = """old condor|clever fox|small mouse|grey donkey|wise owl|friendly goat|quick rabbit|
white goose|big turtle|young deer|merry monkey|brown dog|tiny hummingbird|calm llama|blue parrot|
shy hedgehog"""
HELPER_KINDS = HELPER_KINDS.replace("|\n", "|").split("|")

# Ways to ask ------------------------------------------------------------------------------------

ASKS = """Tell me a story{x}.|Tell me a story{x}|Tell a story{x}.|Tell me a short story{x}.|
Tell me a long story{x}.|
Write a story{x}.|Write me a story{x}.|Write a short story{x}.|Can you tell me a story{x}?|
Could you tell me a story{x}?|Please tell me a story{x}.|I want a story{x}.|I'd like a story{x}.|
I would like to hear a story{x}.|I want to hear a story{x}.|Give me a story{x}.|Make up a story{x}.|
Invent a story{x}.|Tell us a story{x}.|Do you know a story{x}?|Let me hear a story{x}.|
A story{x}, please.|
A story{x}|Story{x}|Tell me a tale{x}.|Write a tale{x}.|Tell me a fairy tale{x}.|
Write a fairy tale{x}.|
Tell me a bedtime story{x}.|I need a bedtime story{x}.|My child wants a story{x}.|
Write a children's story{x}.|
Tell my daughter a story{x}.|Tell my son a story{x}.|Tell me a nice story{x}.|
Tell me a good story{x}.|
Can you write a story{x}?|Could you write a short story{x}?|Would you tell me a tale{x}?|
Create a story{x}.|Compose a short tale{x}.|Narrate a story{x}.|Come up with a story{x}.|
I'm bored, tell me a story{x}.|I can't sleep. Tell me a story{x}.|It is late. Tell me a story{x}.|
Now tell me a story{x}.|How about a story{x}?|What about a story{x}?|Let's hear a story{x}.|
Write a story of about 300 words{x}.|Write a long story{x}.|Tell me an adventure{x}.|
Write an adventure story{x}.|Do tell me a story{x}.|
We want to hear a story{x}!|Another story{x}, please.|One more story{x}!|
Tell me something: a story{x}.|
Tell me one of your stories{x}.|Could I have a story{x}?|May I hear a story{x}?|
I love stories. Tell me one{x}."""
ASKS = ASKS.replace("|\n", "|").split("|")
