"""Given names that are rarely anything else; birds, flowers, months and verbs are left out."""

_NAMES = """
aaron adam adrian agnes ahmed aisha alan albert alejandro alessandro alexander alexandra alfred
ali alice allison amanda amelia amy ana anastasia andrea andreas andrew angela anita anna anne
annika anthony antonio arthur astrid barbara beatrice benjamin bernard bettina bianca brian
bridget carla carlos carmen caroline catherine cecilia charles charlotte christian christina
christine christopher claire clara claudia colin cynthia daniel daniela david deborah denise
dennis diana diego dieter dimitri dmitri dominic donald dorothy douglas edith eduardo edward
eileen elena elias elisabeth elizabeth ella ellen elsa emily emma enrique eric erika ernest
esther eugene eva evelyn fatima felix fernando fiona florian frances francesca francis francois
frank franz frederick friedrich gabriel gabriela george gerald gerhard gertrude giovanni giulia
giuseppe gloria gregory greta guido guillermo gunther gustav hannah hans harold harry hassan
heather heidi heinrich helen helena helga henry herbert hermann howard hugo ibrahim igor ingrid
irene irina isabel isabella ivan jacob jacques james jane janet janine jasmine jason javier jean
jeffrey jennifer jeremy jessica joan joanna joel johan johann johannes john jonas jonathan jose
josef joseph joshua juan judith julia julian juliana justin karen karin karl katarina katherine
kathleen kenneth kevin klaus kristina larissa laura lauren leah leon leonard leonardo linda lisa
lorenzo louis louise lucas lucia luigi luis lukas magdalena manuel marco marcus margaret maria
mariana marianne marie marina mario marion markus marta martha martin mary mateo mathias matthew
maurice melanie melissa michael michelle miguel mikhail mohamed mohammed monika muhammad nadia
nancy natalia natalie natasha nathan nicholas nicola nicolas nicole nikolai nina norbert oleg
olga oliver olivia oscar pablo pamela patricia patrick paul paula pauline pedro peter petra
philip philippe pierre priya rachel rafael ralph raquel raymond rebecca reinhard renate ricardo
richard roberto robert roger roland roman ronald rosa rosemary rudolf russell ruth samantha
samuel sandra sara sarah sebastian sergei sergio sharon silvia simon sofia sonja sophia sophie
stefan stefanie stella stephanie stephen steven susan susanne suzanne sven svetlana sylvia
tatiana teresa thea theodore theresa thomas timothy tobias ulrich ulrike ursula valentina
vanessa vera veronica victor victoria viktor vincent virginia vladimir walter wanda werner
wilhelm william wolfgang xavier yasmin yolanda yusuf yvonne zoe
"""
GIVEN_NAMES = frozenset(_NAMES.split())
