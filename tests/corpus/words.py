# SPDX-License-Identifier: MIT
"""What people name things: words by language, and who sings, calls, flies.

Each list is cut in two: even entries are for training, odd ones for measuring,
so that no title, name or street stands in both halves.
"""

NOUNS = {
    'en': 'morning river garden window paper bridge summer engine forest letter '
          'kitchen mountain silver harbour market shadow thunder valley orange '
          'station island winter captain mirror candle feather meadow cotton '
          'ladder basket copper falcon lantern marble pepper quarry ribbon '
          'saddle timber velvet whisper anchor beacon canyon dragon ember '
          'fountain glacier hollow ivory jungle kettle lemon magnet nectar '
          'orchard pebble quiver rocket sparrow',
    'de': 'Morgen Fluss Garten Fenster Papier Brücke Sommer Wald Brief Küche '
          'Gebirge Silber Hafen Markt Schatten Donner Tal Bahnhof Insel Winter '
          'Spiegel Kerze Feder Wiese Leiter Korb Kupfer Falke Laterne Marmor '
          'Pfeffer Steinbruch Sattel Holz Samt Anker Schlucht Drache Glut '
          'Brunnen Gletscher Elfenbein Kessel Zitrone Magnet Obstgarten Kiesel '
          'Rakete Spatz Straßenbahn Schlüssel Gewürz Mühle Scheune Nebel Wolke',
    'fr': 'matin rivière jardin fenêtre papier pont été moteur forêt lettre '
          'cuisine montagne argent port marché ombre tonnerre vallée orange '
          'gare île hiver capitaine miroir bougie plume prairie coton échelle '
          'panier cuivre faucon lanterne marbre poivre carrière ruban selle '
          'bois velours ancre phare canyon dragon braise fontaine glacier '
          'ivoire bouilloire citron aimant verger galet fusée moineau',
    'es': 'mañana río jardín ventana papel puente verano bosque carta cocina '
          'montaña plata puerto mercado sombra trueno valle naranja estación '
          'isla invierno capitán espejo vela pluma prado algodón escalera '
          'cesta cobre halcón linterna mármol pimienta cantera cinta madera '
          'terciopelo ancla faro cañón dragón brasa fuente glaciar marfil '
          'tetera limón imán huerto guijarro cohete gorrión señal niño',
    'pl': 'poranek rzeka ogród okno papier most lato silnik las list kuchnia '
          'góra srebro port rynek cień grzmot dolina stacja wyspa zima lustro '
          'świeca pióro łąka drabina koszyk miedź sokół latarnia marmur pieprz '
          'wstążka siodło drewno aksamit kotwica wąwóz smok żar źródło lodowiec',
    'tr': 'sabah nehir bahçe pencere kağıt köprü yaz orman mektup mutfak dağ '
          'gümüş liman pazar gölge yıldırım vadi istasyon ada kış kaptan ayna '
          'mum tüy çayır merdiven sepet bakır şahin fener mermer biber kurdele '
          'eyer ahşap kadife çapa kanyon ejderha kor çeşme buzul fildişi limon',
    'ru': 'утро река сад окно бумага мост лето лес письмо кухня гора серебро '
          'гавань рынок тень гром долина станция остров зима капитан зеркало '
          'свеча перо луг лестница корзина медь сокол фонарь мрамор перец лента '
          'седло дерево бархат якорь маяк каньон дракон уголь фонтан ледник '
          'чайник лимон магнит камень ракета воробей ключ мельница туман облако',
    'el': 'πρωί ποτάμι κήπος παράθυρο χαρτί γέφυρα καλοκαίρι δάσος γράμμα '
          'κουζίνα βουνό ασήμι λιμάνι αγορά σκιά βροντή κοιλάδα σταθμός νησί '
          'χειμώνας καθρέφτης κερί φτερό λιβάδι σκάλα καλάθι χαλκός γεράκι '
          'φανάρι μάρμαρο πιπέρι ξύλο βελούδο άγκυρα φάρος δράκος πηγή λεμόνι',
    'ar': 'صباح نهر حديقة نافذة ورق جسر صيف غابة رسالة مطبخ جبل فضة ميناء سوق '
          'ظل رعد وادي محطة جزيرة شتاء قبطان مرآة شمعة ريشة مرج سلم سلة نحاس '
          'صقر فانوس رخام فلفل شريط سرج خشب مخمل مرساة منارة تنين جمر نافورة',
    'hi': 'सुबह नदी बगीचा खिड़की कागज पुल गर्मी जंगल पत्र रसोई पहाड़ चाँदी बंदरगाह बाज़ार '
          'छाया गरज घाटी स्टेशन द्वीप सर्दी कप्तान दर्पण मोमबत्ती पंख घास सीढ़ी टोकरी '
          'तांबा बाज लालटेन संगमरमर मिर्च लकड़ी मखमल लंगर अजगर फव्वारा नींबू',
    'zh': '早晨 河流 花园 窗户 纸张 大桥 夏天 森林 信件 厨房 高山 白银 港口 市场 影子 '
          '雷声 山谷 车站 岛屿 冬天 船长 镜子 蜡烛 羽毛 草地 梯子 篮子 铜器 猎鹰 灯笼 '
          '大理石 胡椒 丝带 马鞍 木材 天鹅绒 船锚 灯塔 峡谷 飞龙 余烬 喷泉 冰川 象牙',
    'ja': '朝日 川辺 庭園 窓辺 手紙 橋 夏祭り 森林 台所 山道 銀色 港町 市場 影 雷 谷間 '
          '駅前 島 冬空 船長 鏡 ろうそく 羽根 草原 はしご かご 銅像 たか 灯籠 大理石 '
          'こしょう リボン 木材 ビロード いかり 灯台 渓谷 りゅう 噴水 氷河 レモン',
    'ko': '아침 강물 정원 창문 종이 다리 여름 숲속 편지 부엌 산길 은빛 항구 시장 그림자 '
          '천둥 계곡 기차역 섬 겨울 선장 거울 촛불 깃털 초원 사다리 바구니 구리 매 등불 '
          '대리석 후추 리본 안장 나무 벨벳 닻 등대 협곡 용 불씨 분수 빙하 레몬',
}
LINKS = {
    'en': 'the of and in a my to for', 'de': 'der die und im am für von zum',
    'fr': 'le la de et du pour les sur', 'es': 'el la de y en mi para con',
    'pl': 'i w na z do po od dla', 'tr': 've için bir ile bu de',
    'ru': 'и в на с для по из мой', 'el': 'το η και στο για με του',
    'ar': 'في من على إلى مع هذا', 'hi': 'का की में और से पर',
    'zh': '的 和 在 了 我 与', 'ja': 'の と で に は を', 'ko': '의 와 에서 그리고 나의',
}
CJK = {'zh', 'ja'}
GIVEN = ('Anna Ben Carla David Elif Farid Greta Hiro Ines Jonas Katja Luis Mara '
         'Nils Olga Pavel Quinn Rosa Sven Tomás Uma Viktor Wen Xenia Yusuf Zoë '
         'Amélie Björn Chloé Dmitri Élodie Fatma Giorgos Håkon Ivana Jürgen '
         'Krzysztof Łucja Mehmet Noor Óscar Priya Radek Søren Thảo Ursula '
         'Мария Иван Ольга Сергей 佳子 健太 小明 丽华 지민 서연 فاطمة أحمد आरव दीया').split()
FAMILY = ('Abbott Bergmann Castillo Dubois Eriksen Fischer Gonzalez Haddad Ivanov '
          'Jensen Kowalski Lambert Moretti Nakamura Okafor Petrov Quigley '
          'Rossi Schneider Tanaka Ueda Vasquez Weber Xu Yılmaz Zimmermann '
          'Almeida Brandt Costa Demir Engström Ferrari Grünwald Horváth '
          'Papadopoulos Sørensen Wójcik Müller Lefèvre Núñez Kim Park Sharma').split()
STREET = {
    'en': ['{} Street', '{} Avenue', '{} Road', '{} Lane'],
    'de': ['{}straße', '{}weg', 'Am {}', '{}platz'],
    'fr': ['Rue de {}', 'Avenue {}', 'Boulevard {}'],
    'es': ['Calle {}', 'Avenida de {}', 'Plaza {}'],
    'ru': ['улица {}', 'проспект {}'], 'ja': ['{}通り'], 'zh': ['{}路', '{}大街'],
}
CITIES = ('Lisbon/LIS Oslo/OSL Madrid/MAD Munich/MUC Paris/CDG London/LHR '
          'Tokyo/HND Seoul/ICN Dubai/DXB Zurich/ZRH Vienna/VIE Athens/ATH '
          'Warsaw/WAW Prague/PRG Dublin/DUB Rome/FCO Istanbul/IST Helsinki/HEL '
          'Boston/BOS Chicago/ORD Delhi/DEL Beijing/PEK Cairo/CAI Toronto/YYZ '
          'Hamburg/HAM Lyon/LYS Porto/OPO Bergen/BGO Kraków/KRK Malmö/MMX').split()
CARRIERS = 'LH TP KL AF BA SK LO OS LX TK EK JL KE UA AC AY IB AZ EI A3'.split()
